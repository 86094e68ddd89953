//! The component that does wrong, hosted and asked, and a server that it asks. It must not know what is expected of the host.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_host::{Body, BodyError, Caller, Host, Limits, Options};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty};

use super::support::compiled;

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Little of everything, so that it is soon used up.
pub(crate) fn limits() -> Limits {
    Limits {
        memory: 32 * 1024 * 1024,
        time: Duration::from_secs(5),
        stack: 256 * 1024,
        instances: 4,
        ..Limits::default()
    }
}

pub(crate) fn host(limits: Limits) -> Host {
    let mut options = Options::default();
    options.limits = limits;
    Host::load(compiled(), options).unwrap()
}

/// Asks for a path, with an id.
pub(crate) async fn ask(host: &Host, method: &str, path: &str, id: &str) -> RawResponse {
    let caller = Caller {
        request_id: id.into(),
        client_ip: None,
        deadline: None,
    };
    ask_as(host, method, path, caller).await
}

/// Asks for a path whose content is a stream: what came of it, and whether it ended well.
pub(crate) async fn stream(host: &Host, path: &str) -> (String, bool) {
    let (mut body, mut read) = (begun(host, path).await, Vec::new());
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => read.extend(frame.into_data().unwrap_or_default()),
            Err(_) => return (String::from_utf8(read).unwrap(), false),
        }
    }
    (String::from_utf8(read).unwrap(), true)
}

/// Asks for a path, for content that has not been read.
pub(crate) async fn begun(host: &Host, path: &str) -> Body {
    let caller = Caller {
        request_id: "id".into(),
        client_ip: None,
        deadline: None,
    };
    let body = Empty::<Bytes>::new().map_err(|never| -> BodyError { match never {} });
    let request = http::Request::get(path).header("host", "faults.example");
    let answer = host.answer(request.body(body).unwrap(), caller).await;
    answer.into_body()
}

/// A body of which nothing comes.
struct Stalled;

impl http_body::Body for Stalled {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Pending
    }
}

/// Asks for a path with a body of which nothing comes.
pub(crate) async fn stalled(host: &Host, path: &str) -> RawResponse {
    let request = http::Request::get(path)
        .header("host", "faults.example")
        .header("content-length", "10");
    let caller = Caller {
        request_id: "id".into(),
        client_ip: None,
        deadline: None,
    };
    raw(host.answer(request.body(Stalled).unwrap(), caller).await).await
}

async fn raw(answer: http::Response<Body>) -> RawResponse {
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    RawResponse {
        status: parts.status.as_u16(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(crate) async fn ask_as(host: &Host, method: &str, path: &str, caller: Caller) -> RawResponse {
    let body = Empty::<Bytes>::new().map_err(|never| -> BodyError { match never {} });
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "faults.example")
        .body(body)
        .unwrap();
    raw(host.answer(request, caller).await).await
}

/// A server that gives each request so many bytes, a little later, and counts those that it has at once.
pub(crate) struct Origin {
    pub(crate) port: u16,
    most: Arc<AtomicUsize>,
}

impl Origin {
    pub(crate) fn start(size: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&most);
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let (open, most) = (Arc::clone(&open), Arc::clone(&counted));
                std::thread::spawn(move || {
                    let _ = stream.read(&mut [0; 4096]);
                    let now = open.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(100));
                    open.fetch_sub(1, Ordering::SeqCst);
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n"
                    );
                    let _ = stream.write_all(head.as_bytes());
                    let _ = stream.write_all(&vec![b'x'; size]);
                });
            }
        });
        Self { port, most }
    }

    /// The most requests that it has had at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}
