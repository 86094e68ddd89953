//! The body of a response, which keeps the instance that writes it.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, WasiBody};

/// A task that is aborted when this is dropped, unless it goes on after the response.
#[derive(Debug)]
pub(crate) struct Running(Option<JoinHandle<()>>);

impl Running {
    pub(crate) fn new(task: JoinHandle<()>) -> Self {
        Self(Some(task))
    }

    /// Leaves the task to itself: it ends once the function does.
    fn leave(&mut self) {
        self.0 = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Since when the next chunk of a response has been awaited, and whether all of it has been read.
#[derive(Debug, Default)]
pub(crate) struct Awaited {
    since: Mutex<Option<Instant>>,
    is_broken: AtomicBool,
    read: OnceLock<Instant>,
    was_read: Notify,
    /// Whoever waits for more of the request meanwhile.
    sender: Mutex<Option<Waker>>,
}

impl Awaited {
    /// The time at which the client began to wait; `None` while it does not.
    pub(crate) fn since(&self) -> Option<Instant> {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the end of the response was read.
    pub(crate) fn read(&self) -> Option<Instant> {
        self.read.get().copied()
    }

    /// Resolves once the end of the response was read, or nobody reads on in what the instance has left. No two may
    /// wait at once.
    pub(crate) async fn was_read(&self) {
        if self.read.get().is_none() {
            self.was_read.notified().await;
        }
    }

    fn end(&self) {
        let _ = self.read.set(Instant::now());
        self.was_read.notify_one();
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*sender {
            sender.wake_by_ref();
        }
    }

    /// Resolves at once if the end of the response was read, and wakes this otherwise when it is.
    pub(crate) fn poll_read(&self, cx: &Context<'_>) -> Poll<()> {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if self.read.get().is_some() {
            return Poll::Ready(());
        }
        *sender = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The instance is gone, whatever it has sent: what looks like the end of the content is not one.
    pub(crate) fn break_off(&self) {
        self.is_broken.store(true, Ordering::Release);
    }

    fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Acquire) && self.read().is_none()
    }

    fn note(&self, is_awaited: bool) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        match (is_awaited, *since) {
            (true, None) => *since = Some(Instant::now()),
            (true, Some(_)) => {}
            (false, _) => *since = None,
        }
    }
}

/// The content of a response. It keeps the instance that writes it alive.
pub struct Body {
    content: Content,
}

enum Content {
    Whole(Full<Bytes>),
    Function {
        body: WasiBody,
        awaited: Arc<Awaited>,
        running: Running,
        /// How many bytes are to come, where that is known: hyper does not ask for what is behind them.
        left: Option<u64>,
    },
}

impl Body {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            content: Content::Whole(Full::new(bytes)),
        }
    }

    /// `size`: how many bytes of it a client reads, where that is known.
    pub(crate) fn of_function(
        body: WasiBody,
        awaited: Arc<Awaited>,
        running: Running,
        size: Option<u64>,
    ) -> Self {
        let mut body = Self {
            content: Content::Function {
                body,
                awaited,
                running,
                left: size,
            },
        };
        if size == Some(0) {
            body.end();
        }
        body
    }

    /// All of it has been read.
    fn end(&mut self) {
        if let Content::Function {
            awaited, running, ..
        } = &mut self.content
        {
            awaited.end();
            running.leave();
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Content::Function {
            awaited, running, ..
        } = &mut self.content
            && awaited.is_broken()
        {
            // It waits for this, to say in the log what it came to.
            running.leave();
            awaited.was_read.notify_one();
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.content {
            Content::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Content::Function {
                body,
                awaited,
                left,
                ..
            } => {
                let polled = Pin::new(body).poll_frame(cx);
                awaited.note(polled.is_pending());
                match &polled {
                    Poll::Ready(None) if awaited.is_broken() => {
                        return Poll::Ready(Some(Err(ErrorCode::InternalError(None).into())));
                    }
                    Poll::Ready(None) => self.end(),
                    Poll::Ready(Some(Ok(frame))) => {
                        let read = frame.data_ref().map_or(0, |data| data.len() as u64);
                        *left = left.map(|left| left.saturating_sub(read));
                        if *left == Some(0) {
                            self.end();
                        }
                    }
                    Poll::Ready(Some(Err(_))) | Poll::Pending => {}
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(body) => body.is_end_stream(),
            Content::Function { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(body) => body.size_hint(),
            Content::Function { body, .. } => body.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
