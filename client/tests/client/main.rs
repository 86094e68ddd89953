//! The client over real sockets, against a server that records what it gets and misbehaves. It must not know the inside of
//! the client.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod connect;
mod origin;
mod pool;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use guru_client::{Body, Client, Error};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

/// Runs a test on a runtime as a worker has it, for half a minute at most.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let limited = async { tokio::time::timeout(Duration::from_secs(30), test).await };
    runtime.unwrap().block_on(limited).unwrap()
}

fn whole(bytes: &'static [u8]) -> Body {
    Full::new(Bytes::from_static(bytes))
        .map_err(|never| match never {})
        .boxed_unsync()
}

fn request(method: &str, address: SocketAddr) -> Request<Body> {
    let mut request = Request::new(Body::default());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
    *request.uri_mut() = format!("http://{address}/").parse().unwrap();
    request
}

async fn get(client: &Client, uri: &str) -> Result<Response<Incoming>, Error> {
    let mut request = Request::new(Body::default());
    *request.uri_mut() = uri.parse().unwrap();
    client.send(request).await
}

/// The text of an answer, or what is wrong with it.
async fn text(answer: Response<Incoming>) -> Result<String, String> {
    match answer.into_body().collect().await {
        Ok(body) => Ok(String::from_utf8(body.to_bytes().to_vec()).unwrap()),
        Err(error) => Err(guru_client::describe(&error)),
    }
}
