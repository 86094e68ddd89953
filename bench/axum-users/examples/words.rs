//! What docs/coming-from/axum.md has beside ours: a greeting by name, behind a key.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::{Router, routing::get};

#[derive(Clone)]
struct Greeting(&'static str);

pub fn app() -> Router {
    let api = Router::new()
        .route("/hello/{name}", get(hello))
        .layer(from_fn(keyed));
    Router::new()
        .nest("/api", api)
        .fallback(lost)
        .with_state(Greeting("hello"))
}

async fn hello(State(greeting): State<Greeting>, Path(name): Path<String>) -> String {
    format!("{} {name}", greeting.0)
}

async fn keyed(request: Request, next: Next) -> Result<Response, StatusCode> {
    match request.headers().get("x-key") {
        Some(key) if key == "open sesame" => Ok(next.run(request).await),
        _ => Err(StatusCode::UNAUTHORIZED),
    }
}

async fn lost() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, Html("<p>This page is not here."))
}

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await;
    axum::serve(listener.unwrap(), app()).await.unwrap();
}
