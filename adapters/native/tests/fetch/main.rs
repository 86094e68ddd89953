//! The port of outbound HTTP over real sockets, as a handler's runtime has it. It must not know the inside of the adapter.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod answers;
#[path = "../../../../client/tests/client/origin.rs"]
mod origin;
mod requests;

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_core::http::{Chunks, Error, Url};
use guru_core::ports::FetchRequest;
use guru_core::{Body, Method};

/// Runs a test on a runtime as a worker has it, for half a minute at most.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default());
    let limited = async { tokio::time::timeout(Duration::from_secs(30), test).await };
    runtime.unwrap().block_on(limited).unwrap()
}

fn request(method: &str, address: std::net::SocketAddr) -> FetchRequest {
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    FetchRequest::new(Method::parse(method.as_bytes()).unwrap(), url)
}

/// What a test sees of a stream: it is not `Send`, as those of handlers need not be.
#[derive(Clone, Default)]
struct Seen {
    made: Rc<Cell<usize>>,
    dropped: Rc<Cell<bool>>,
}

/// A stream that makes this one chunk again and again.
struct Repeated {
    chunk: Bytes,
    left: usize,
    ends_with: Option<Error>,
    seen: Seen,
}

impl Chunks for Repeated {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        if self.left == 0 {
            return Poll::Ready(self.ends_with.take().map(Err));
        }
        self.left -= 1;
        self.seen.made.set(self.seen.made.get() + 1);
        Poll::Ready(Some(Ok(self.chunk.clone())))
    }
}

impl Drop for Repeated {
    fn drop(&mut self) {
        self.seen.dropped.set(true);
    }
}

fn repeated(chunk: impl Into<Bytes>, times: usize) -> (Repeated, Seen) {
    let seen = Seen::default();
    let stream = Repeated {
        chunk: chunk.into(),
        left: times,
        ends_with: None,
        seen: seen.clone(),
    };
    (stream, seen)
}

fn endless(chunk: impl Into<Bytes>) -> (Body, Seen) {
    let (stream, seen) = repeated(chunk, usize::MAX);
    (Body::stream(stream), seen)
}
