//! The body of a request: read to its end, with a timeout.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use guru_core::{Error as Failure, ErrorKind};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;

use crate::body::Awaited;

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
