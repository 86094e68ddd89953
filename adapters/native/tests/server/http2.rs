//! The server over HTTP/2, which the conformance vectors do not speak. It must not know the inside of
//! the server.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::{Running, is_left};

/// Runs `ask` with a connection over HTTP/2.
fn http2<F: Future>(
    server: &Running,
    ask: impl FnOnce(SendRequest<Full<Bytes>>) -> F,
) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address)
            .await
            .unwrap();
        let connecting =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = connecting.await.unwrap();
        tokio::spawn(connection);
        ask(sender).await
    })
}

fn request(server: &Running, path: &str, body: impl Into<Bytes>) -> http::Request<Full<Bytes>> {
    let body = Full::new(body.into());
    http::Request::post(format!("http://{}{path}", server.address))
        .body(body)
        .unwrap()
}

fn get(server: &Running, path: &str) -> http::Request<Full<Bytes>> {
    let mut request = request(server, path, "");
    *request.method_mut() = http::Method::GET;
    request
}

#[test]
fn http2_over_cleartext_is_served() {
    let server = Running::start(|_| {});
    http2(&server, async |mut sender| {
        // The slow one is answered last though it was asked first: streams do not wait for another.
        let slow = sender.send_request(get(&server, "/slow/stream/300"));
        let crashed = sender.send_request(get(&server, "/panic")).await.unwrap();
        assert_eq!(crashed.status(), 500);
        let quick = sender.send_request(get(&server, "/ok")).await.unwrap();
        assert_eq!(quick.version(), http::Version::HTTP_2);
        assert_eq!(quick.into_body().collect().await.unwrap().to_bytes(), "ok");
        assert_eq!(slow.await.unwrap().status(), 200);
    });
}

#[test]
fn nothing_in_a_body_over_http2_passes_for_an_answer() {
    let server = Running::start(|_| {});
    // What looks like an answer stands wherever a frame or a packet may be cut.
    let body = Bytes::from("HTTP/1.1 404 ".repeat(100_000));
    http2(&server, async |mut sender| {
        let answer = sender
            .send_request(request(&server, "/back", body.clone()))
            .await
            .unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), body);
    });
}

#[test]
fn a_stream_over_http2_comes_in_chunks_and_says_how_it_ended() {
    let server = Running::start(|_| {});
    http2(&server, async |mut sender| {
        let mut ask = async |path: &str| {
            let answer = sender.send_request(get(&server, path)).await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.into_body()
        };
        let mut whole = ask("/stream/h2-well/well").await;
        let first = whole.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "first ");
        // Another stream of the connection is served meanwhile.
        let broken = ask("/stream/h2-badly/badly").await;
        assert_eq!(whole.collect().await.unwrap().to_bytes(), "second");
        assert!(broken.collect().await.is_err(), "it looks complete");
        // One that nobody reads is not made, and one that is given up ends.
        let endless = ask("/stream/h2-endless/never").await;
        assert!(!is_left("h2-endless").await);
        drop(endless);
        assert!(is_left("h2-endless").await, "it goes on for nobody");
        assert!(!is_left("h2-well").await);
    });
}

#[test]
fn cookies_over_http2_are_one_header() {
    let server = Running::start(|_| {});
    let mut request = get(&server, "/cookies");
    for crumb in ["a=1", "b=2", "c=3"] {
        request
            .headers_mut()
            .append("cookie", crumb.parse().unwrap());
    }
    http2(&server, async |mut sender| {
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(
            answer.into_body().collect().await.unwrap().to_bytes(),
            "a=1; b=2; c=3"
        );
    });
}
