//! Request and response bodies. A client's body is read to its end, with a timeout; a function's body keeps the
//! instance that writes it.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use guru_core::{Error as Failure, ErrorKind};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep};
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

    /// Resolves once the end of the response was read, or nobody reads on in what the instance has left. Must not be called again
    /// before it has resolved.
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
    fn poll_read(&self, cx: &Context<'_>) -> Poll<()> {
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

/// What the body of a request does.
#[derive(Debug)]
pub(crate) struct Arrival {
    began: Instant,
    /// When something last came, in milliseconds since the beginning.
    last: AtomicU64,
    is_awaited: AtomicBool,
}

impl Arrival {
    /// When something last came.
    pub(crate) fn last(&self) -> Instant {
        self.began + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }

    /// Whether the function waits for more.
    pub(crate) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    fn note(&self, has_come: bool) {
        self.is_awaited.store(!has_come, Ordering::Relaxed);
        if has_come {
            let last = self.began.elapsed().as_millis();
            let last = u64::try_from(last).unwrap_or(u64::MAX);
            self.last.store(last, Ordering::Relaxed);
        }
    }
}

/// A body that records what it does. It breaks off once the response has been read: who has its answer is waited for no longer.
pub(crate) struct Watched<B> {
    body: B,
    arrival: Arc<Arrival>,
    awaited: Arc<Awaited>,
}

impl<B> Watched<B> {
    /// Wraps a body. Also returns what it does.
    pub(crate) fn new(body: B, awaited: Arc<Awaited>) -> (Self, Arc<Arrival>) {
        let arrival = Arc::new(Arrival {
            began: Instant::now(),
            last: AtomicU64::new(0),
            is_awaited: AtomicBool::new(false),
        });
        let watched = Self {
            body,
            arrival: Arc::clone(&arrival),
            awaited,
        };
        (watched, arrival)
    }
}

impl<B> http_body::Body for Watched<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<Error>> + Unpin,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.arrival.note(polled.is_ready());
        if polled.is_pending() && self.awaited.poll_read(cx).is_ready() {
            return Poll::Ready(Some(Err(ErrorCode::ConnectionTerminated.into())));
        }
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A client's body. A pause that is too long is an error, and what the function does not read is discarded.
pub(crate) struct Patient {
    incoming: Option<Incoming>,
    pause: Duration,
    timer: Pin<Box<Sleep>>,
    /// Whether the client has been told to continue, or did not ask.
    is_coming: bool,
    fault: Fault,
}

/// What is wrong with a body, once known. A function that does not request all of it does not learn of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fault(Arc<OnceLock<(ErrorKind, String)>>);

impl Fault {
    /// The error to report to the client, if there is one.
    pub(crate) fn error(&self) -> Option<Failure> {
        let (kind, message) = self.0.get()?;
        Some(Failure::new(*kind, message.clone()))
    }

    fn set(&self, kind: ErrorKind, message: String) {
        // Keeps the first error, which causes the others.
        let _ = self.0.set((kind, message));
    }
}

impl Patient {
    /// `waits`: whether the client expects to be told to continue before it sends.
    pub(crate) fn new(incoming: Incoming, pause: Duration, waits: bool) -> (Self, Fault) {
        let fault = Fault::default();
        let patient = Self {
            incoming: Some(incoming),
            pause,
            timer: Box::pin(sleep(pause)),
            is_coming: !waits,
            fault: fault.clone(),
        };
        (patient, fault)
    }
}

impl http_body::Body for Patient {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        this.is_coming = true;
        let Some(incoming) = &mut this.incoming else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) {
            if !matches!(frame, Some(Ok(_))) {
                this.incoming = None;
            }
            this.timer.as_mut().reset(Instant::now() + this.pause);
            if let Some(Err(error)) = &frame {
                let message = format!("the body cannot be read: {error}");
                this.fault.set(ErrorKind::BadRequest, message);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from)));
        }
        ready!(this.timer.as_mut().poll(cx));
        this.incoming = None;
        let message = "the body did not arrive in time";
        this.fault.set(ErrorKind::RequestTimeout, message.into());
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.incoming.as_ref().map(Incoming::size_hint);
        hint.unwrap_or_else(|| SizeHint::with_exact(0))
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        let Some(incoming) = self.incoming.take() else {
            return;
        };
        // Outside of a runtime, the connection is gone as well.
        if self.is_coming
            && !incoming.is_end_stream()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(guru_server::drain(incoming, self.pause));
        }
    }
}
