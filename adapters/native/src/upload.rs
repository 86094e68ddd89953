//! The body of a request as it arrives. A handler reads it through the core's `Body`; what it does not read is discarded.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_core::Body;
use guru_core::http::{Chunks, Error, ErrorKind};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::answer::Shared;
use crate::convert::leave;
use crate::room::Taken;

/// What the server knows of the body of a request, while a handler has it.
pub(crate) struct Upload {
    /// What nobody reads any more, and is still to be discarded.
    left: RefCell<Option<Incoming>>,
    /// When the last chunk came, or was asked for.
    since: Cell<Instant>,
    is_awaited: Cell<bool>,
    /// The timeout for each chunk.
    pause: Duration,
    /// Whether the client waits for a 100 (Continue), which hyper sends once somebody reads.
    is_asking: Cell<bool>,
    /// Room for the bytes that the handler may hold.
    held: RefCell<Taken>,
}

impl Upload {
    /// The body of a request, and what is known of it.
    ///
    /// # Errors
    ///
    /// For a body that is broken from the start.
    pub(crate) async fn begin(
        mut incoming: Incoming,
        shared: &Rc<Shared>,
        is_asking: bool,
    ) -> Result<(Body, Rc<Self>), Error> {
        let upload = Rc::new(Self {
            left: RefCell::default(),
            since: Cell::new(Instant::now()),
            is_awaited: Cell::default(),
            pause: shared.limits.read,
            is_asking: Cell::new(is_asking),
            held: RefCell::new(Taken::of_bytes(&shared.pulse)),
        });
        if incoming.is_end_stream() {
            return Ok((Body::empty(), upload));
        }
        let size = incoming.size_hint().exact();
        // Most bodies are small, and arrive with the head.
        let first = if is_asking {
            None
        } else {
            poll_fn(|cx| Poll::Ready(data(&mut incoming, cx))).await?
        };
        let whole = first.as_ref().filter(|_| incoming.is_end_stream());
        if let Some(whole) = whole
            && shared
                .room
                .hold_now(&mut upload.held.borrow_mut(), whole.len())
        {
            return Ok((first.unwrap_or_default().into(), upload));
        }
        let arriving = Arriving {
            incoming: Some(incoming),
            first,
            upload: Rc::clone(&upload),
            shared: Rc::clone(shared),
            // A handler that goes on reading beyond this passes on what it reads, or counts it.
            room: shared.instance.room(),
            timer: None,
            waiting: None,
        };
        let body = match size {
            Some(size) => Body::sized_stream(size, arriving),
            None => Body::stream(arriving),
        };
        Ok((body, upload))
    }

    /// When to look again whether the handler is late, with so much time for itself; `None` if it is. While it waits for
    /// the client, that is timed by the body.
    pub(crate) fn until(&self, time: Duration) -> Option<Instant> {
        let limit = if self.is_awaited.get() {
            self.pause.max(time)
        } else {
            time
        };
        let until = self.since.get() + limit;
        (until > Instant::now()).then_some(until)
    }

    /// Discards what nobody reads, so that a client that does not read while it sends still gets its response.
    pub(crate) fn discard(&self) {
        if let Some(incoming) = self.left.take() {
            leave(incoming, self.pause, self.is_asking.get());
        }
    }
}

impl Drop for Upload {
    /// A handler may leave the body behind after its answer, in a task that it has begun.
    fn drop(&mut self) {
        if tokio::runtime::Handle::try_current().is_ok() {
            self.discard();
        }
    }
}

/// The next data, or `None` where there is none yet or no more.
fn data(incoming: &mut Incoming, cx: &mut Context<'_>) -> Result<Option<Bytes>, Error> {
    match Pin::new(incoming).poll_frame(cx) {
        Poll::Ready(Some(Ok(frame))) => Ok(frame.into_data().ok()),
        Poll::Ready(Some(Err(error))) => Err(broken(&error)),
        Poll::Ready(None) | Poll::Pending => Ok(None),
    }
}

fn broken(error: &hyper::Error) -> Error {
    Error::broken(format!("the body cannot be read: {error}"))
}

/// Room for a chunk that has arrived.
type Permit = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>>>>;

/// A body that is read as it arrives.
struct Arriving {
    incoming: Option<Incoming>,
    first: Option<Bytes>,
    upload: Rc<Upload>,
    shared: Rc<Shared>,
    /// For how many more bytes room is taken.
    room: usize,
    /// When the chunk that is awaited is late.
    timer: Option<Pin<Box<Sleep>>>,
    /// A chunk that waits for room.
    waiting: Option<(Bytes, Permit)>,
}

impl Arriving {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            if let Some((chunk, permit)) = &mut self.waiting {
                let Poll::Ready(permit) = permit.as_mut().poll(cx) else {
                    return Poll::Pending;
                };
                let Some(permit) = permit else {
                    return Poll::Ready(Some(Err(Error::new(ErrorKind::NoRoom))));
                };
                self.upload.held.borrow_mut().add(permit);
                let chunk = std::mem::take(chunk);
                self.waiting = None;
                return Poll::Ready(Some(Ok(chunk)));
            }
            let chunk = match self.first.take() {
                Some(first) => first,
                None => match self.poll_incoming(cx) {
                    Poll::Ready(Some(Ok(chunk))) => chunk,
                    other => return other,
                },
            };
            let bytes = chunk.len().min(self.room);
            self.room -= bytes;
            let room = &self.shared.room;
            if room.hold_now(&mut self.upload.held.borrow_mut(), bytes) {
                return Poll::Ready(Some(Ok(chunk)));
            }
            self.waiting = Some((chunk, Box::pin(room.bytes(bytes))));
        }
    }

    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        self.upload.is_asking.set(false);
        loop {
            let chunk = match Pin::new(&mut *incoming).poll_frame(cx) {
                Poll::Pending => return self.wait(cx),
                Poll::Ready(Some(Ok(frame))) => frame.into_data().map(Ok),
                Poll::Ready(Some(Err(error))) => Ok(Err(broken(&error))),
                Poll::Ready(None) => {
                    self.incoming = None;
                    self.arrived();
                    return Poll::Ready(None);
                }
            };
            // Trailers are not passed on, and an empty chunk is none.
            if let Ok(chunk) = chunk
                && !chunk.as_ref().is_ok_and(Bytes::is_empty)
            {
                self.arrived();
                return Poll::Ready(Some(chunk));
            }
        }
    }

    fn arrived(&mut self) {
        self.timer = None;
        self.upload.is_awaited.set(false);
        self.upload.since.set(Instant::now());
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let upload = &self.upload;
        let timer = self.timer.get_or_insert_with(|| {
            let now = Instant::now();
            upload.since.set(now);
            upload.is_awaited.set(true);
            Box::pin(sleep_until(now + upload.pause))
        });
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.arrived();
        Poll::Ready(Some(Err(Error::new(ErrorKind::BodyTimeout))))
    }
}

impl Chunks for Arriving {
    fn poll_chunk(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        self.get_mut().poll(cx)
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.upload.is_awaited.set(false);
        self.upload.left.replace(self.incoming.take());
    }
}
