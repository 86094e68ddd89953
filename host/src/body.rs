//! Request and response bodies. A client's body is read to its end, with a timeout; a function's body keeps the
//! instance that writes it.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use guru_core::{Error as Failure, ErrorKind};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, WasiBody};

/// A task that is aborted when this is dropped.
#[derive(Debug)]
pub(crate) struct Running(JoinHandle<()>);

impl Running {
    pub(crate) fn new(task: JoinHandle<()>) -> Self {
        Self(task)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Since when the next chunk of a response has been awaited.
#[derive(Debug, Default)]
pub(crate) struct Awaited {
    since: Mutex<Option<Instant>>,
    is_broken: AtomicBool,
}

impl Awaited {
    /// The time at which the client began to wait; `None` while it does not.
    pub(crate) fn since(&self) -> Option<Instant> {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instance is gone, whatever it has sent: what looks like the end of the content is not one.
    pub(crate) fn break_off(&self) {
        self.is_broken.store(true, Ordering::Release);
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
        _running: Running,
    },
}

impl Body {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            content: Content::Whole(Full::new(bytes)),
        }
    }

    pub(crate) fn of_function(body: WasiBody, awaited: Arc<Awaited>, running: Running) -> Self {
        Self {
            content: Content::Function {
                body,
                awaited,
                _running: running,
            },
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
            Content::Function { body, awaited, .. } => {
                let polled = Pin::new(body).poll_frame(cx);
                awaited.note(polled.is_pending());
                match polled {
                    Poll::Ready(None) if awaited.is_broken.load(Ordering::Acquire) => {
                        Poll::Ready(Some(Err(ErrorCode::InternalError(None).into())))
                    }
                    polled => polled,
                }
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

/// A body that records what it does.
pub(crate) struct Watched<B> {
    body: B,
    arrival: Arc<Arrival>,
}

impl<B> Watched<B> {
    /// Wraps a body. Also returns what it does.
    pub(crate) fn new(body: B) -> (Self, Arc<Arrival>) {
        let arrival = Arc::new(Arrival {
            began: Instant::now(),
            last: AtomicU64::new(0),
            is_awaited: AtomicBool::new(false),
        });
        let watched = Self {
            body,
            arrival: Arc::clone(&arrival),
        };
        (watched, arrival)
    }
}

impl<B: http_body::Body<Data = Bytes> + Unpin> http_body::Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.arrival.note(polled.is_ready());
        polled
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
