//! The request in flight: a future that the entry module polls.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use guru_core::{Body, Response};

use crate::host;

type PendingResponse = Pin<Box<dyn Future<Output = Response>>>;

thread_local! {
    /// The request being handled. An instance handles one at a time.
    static CALL: RefCell<Option<PendingResponse>> = const { RefCell::new(None) };

    /// What is left to send of the request that was answered.
    static STREAM: RefCell<Option<Body>> = const { RefCell::new(None) };
}

/// Starts to handle a request. Returns the response, or `None` while it is pending.
///
/// The future is polled from JavaScript and not through `wasm-bindgen-futures`: there a trap is thrown in a task of
/// its own, where it reaches neither the request nor its instance, and the client waits until workerd gives up ("your
/// Worker's code had hung").
pub(crate) fn begin(answer: impl Future<Output = Response> + 'static) -> Option<Response> {
    advance(Box::pin(answer))
}

/// Continues the request. Returns the response, or `None` while it is still pending.
pub(crate) fn poll() -> Option<Response> {
    advance(CALL.take()?)
}

fn advance(mut answer: PendingResponse) -> Option<Response> {
    let waker = Waker::from(Arc::new(Woken));
    match answer.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(response) => Some(response),
        Poll::Pending => {
            CALL.set(Some(answer));
            None
        }
    }
}

/// The stream that the host reads, if the answer was one.
pub(crate) enum Pulled {
    Chunk(Bytes),
    End,
    Broken,
}

/// Keeps the stream of an answer, for the host to pull at.
pub(crate) fn keep(body: Body) {
    STREAM.set(Some(body));
}

/// The next of the stream, or `None` while it is being made.
pub(crate) fn pull() -> Option<Pulled> {
    let Some(mut body) = STREAM.take() else {
        return Some(Pulled::End);
    };
    let waker = Waker::from(Arc::new(Woken));
    match body.poll_chunk(&mut Context::from_waker(&waker)) {
        Poll::Pending => {
            STREAM.set(Some(body));
            None
        }
        Poll::Ready(Some(Ok(chunk))) => {
            STREAM.set(Some(body));
            Some(Pulled::Chunk(chunk))
        }
        Poll::Ready(None) => Some(Pulled::End),
        Poll::Ready(Some(Err(_))) => Some(Pulled::Broken),
    }
}

/// Drops the stream, and with it whatever makes it.
pub(crate) fn cancel() {
    drop(STREAM.take());
}

struct Woken;

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        host::wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        host::wake();
    }
}
