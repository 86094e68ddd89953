//! Streams and requests to another server as an axum server with reqwest, on 127.0.0.1 and the port in `PORT`: `GET /stream`
//! sends lines of a size, `POST /pass` passes its content on to a URL and the answer back, `POST /ok` answers.

use std::{convert::Infallible, env, error::Error};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{Response, StatusCode},
    routing::{get, post},
};
use futures_util::stream;
use reqwest::Client;
use serde::Deserialize;
use tokio::net::TcpListener;

/// How many lines, and of how many bytes.
#[derive(Deserialize)]
struct Lines {
    n: u64,
    size: usize,
}

/// Where to pass it on.
#[derive(Deserialize)]
struct To {
    to: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let router = Router::new()
        .route("/stream", get(lines))
        .route("/pass", post(pass))
        .route("/ok", post(ok))
        .with_state(Client::new());
    axum::serve(listener, router).await?;
    Ok(())
}

async fn lines(Query(Lines { n, size }): Query<Lines>) -> Body {
    let lines = (0..n).map(move |i| Ok::<_, Infallible>(line(i, size)));
    Body::from_stream(stream::iter(lines))
}

fn line(i: u64, size: usize) -> Vec<u8> {
    let mut line = i.to_string().into_bytes();
    line.resize(size - 1, b'.');
    line.push(b'\n');
    line
}

/// What others pass requests on to. It reads them: a server that does not may close the connection.
async fn ok(_content: Bytes) -> &'static str {
    "ok"
}

async fn pass(
    State(client): State<Client>,
    Query(To { to }): Query<To>,
    body: Bytes,
) -> Result<Response<Body>, StatusCode> {
    let sent = client.post(to).body(body).send().await;
    let answer = sent.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(Response::<reqwest::Body>::from(answer).map(Body::new))
}
