//! The request in flight: a future that the entry module polls.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use guru_core::Body;
use guru_core::app::{Later, LocalFuture};

use crate::host;

thread_local! {
    /// The request being handled, or what it goes on with. An instance handles one at a time.
    static CALL: RefCell<Option<LocalFuture<()>>> = const { RefCell::new(None) };

    /// What it has put off until after its answer.
    static LATER: RefCell<Option<Later>> = const { RefCell::new(None) };

    /// What is left to send of the request that was answered.
    static STREAM: RefCell<Option<Body>> = const { RefCell::new(None) };
}

/// Starts to handle the request of this context, by a future that hands over the answer. Returns whether it has.
///
/// The future is polled from JavaScript and not through `wasm-bindgen-futures`: there a trap is thrown in a task of
/// its own, where it reaches neither the request nor its instance, and the client waits until workerd gives up ("your
/// Worker's code had hung").
pub(crate) fn begin(cx: &guru_core::Context, answer: impl Future<Output = ()> + 'static) -> bool {
    LATER.set(Some(Later::of(cx)));
    advance(Box::pin(answer))
}

/// Continues the request. Returns whether it has handed over its answer, or is done with what came after it.
pub(crate) fn poll() -> bool {
    CALL.take().is_some_and(advance)
}

fn advance(mut call: LocalFuture<()>) -> bool {
    let waker = Waker::from(Arc::new(Woken));
    let polled = call.as_mut().poll(&mut Context::from_waker(&waker));
    if polled.is_pending() {
        CALL.set(Some(call));
    }
    polled.is_ready()
}

/// The answer has been handed over: if the request goes on, the host is told to poll on.
pub(crate) fn after() {
    if let Some(work) = LATER.take().and_then(|later| later.work()) {
        host::after();
        CALL.set(Some(work));
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
    if body.release() {
        return Some(Pulled::End);
    }
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

/// Drops the stream, and with it whatever makes it, and what would have come after it.
pub(crate) fn cancel() {
    drop((STREAM.take(), LATER.take()));
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
