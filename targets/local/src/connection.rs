//! The bytes of one connection, below hyper: a limit on how long a client may take, and an answer
//! that says what is wrong where hyper would close without one or answer with an empty body. It must
//! not know requests: hyper parses them.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::options::Limits;

/// What a connection is doing, as its service tells it.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests whose answers hyper has not taken over yet.
    running: Cell<usize>,
    /// Whether bytes of an answer may still be on their way out.
    owed: Cell<bool>,
}

impl Activity {
    /// A request has arrived; its answer is done when what is returned is dropped.
    pub(crate) fn begin(self: &Rc<Self>) -> Running {
        self.running.set(self.running.get() + 1);
        self.owed.set(true);
        Running(Rc::clone(self))
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Running(Rc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get().saturating_sub(1));
    }
}

/// A TCP stream that gives up on slow clients and explains itself.
pub(crate) struct Connection {
    stream: TcpStream,
    activity: Rc<Activity>,
    limits: Limits,
    /// When the client has taken too long, for what it is doing.
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
    /// Whether part of a request's head has arrived.
    in_head: bool,
    /// Our own last words, sent in place of hyper's.
    farewell: Bytes,
    closing: bool,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, activity: Rc<Activity>, limits: Limits) -> Self {
        let deadline = Instant::now() + limits.idle;
        Self {
            stream,
            activity,
            limits,
            deadline,
            timer: Box::pin(sleep_until(deadline)),
            in_head: false,
            farewell: Bytes::new(),
            closing: false,
        }
    }

    fn is_busy(&self) -> bool {
        self.activity.owed.get()
    }

    /// Notes that bytes have come in.
    fn received(&mut self, bytes: &[u8]) {
        if self.is_busy() {
            self.in_head = false;
            return;
        }
        if !self.in_head {
            // A client that speaks HTTP/2 has a head in each stream, which hyper looks after.
            let is_http2 = bytes.starts_with(b"PRI * HTTP/2") || !starts_like_http1(bytes);
            self.in_head = !is_http2;
            self.extend(if is_http2 {
                self.limits.idle
            } else {
                self.limits.read
            });
        }
    }

    fn extend(&mut self, by: Duration) {
        self.deadline = Instant::now() + by;
    }

    /// Ready once the client has taken too long. A deadline that moves away does not move the timer
    /// until it rings, since most are never reached.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_busy() && self.deadline < self.timer.deadline() {
            self.timer.as_mut().reset(self.deadline);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if self.is_busy() {
                self.extend(self.limits.idle);
            } else if self.deadline <= Instant::now() {
                return Poll::Ready(());
            }
            let deadline = self.deadline;
            self.timer.as_mut().reset(deadline);
        }
    }

    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.farewell.has_remaining() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.farewell))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.farewell.advance(sent);
        }
        Poll::Ready(Ok(()))
    }

    /// The answer that stands for one of hyper's own: those are the only ones written while no
    /// request is under way, and have no content.
    fn replacement(&self, head: &[u8]) -> Option<Bytes> {
        if self.is_busy() {
            return None;
        }
        let status = head.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
        let status = StatusCode::from_bytes(status).ok()?;
        status.is_client_error().then(|| last_words(status))
    }
}

fn starts_like_http1(bytes: &[u8]) -> bool {
    bytes
        .first()
        .is_some_and(|byte| byte.is_ascii_graphic() || matches!(byte, b'\r' | b'\n'))
}

/// A whole answer, in the form of every other error; there was no request to give an id to.
fn last_words(status: StatusCode) -> Bytes {
    let error = match status.as_u16() {
        408 => "the head of the request did not arrive in time",
        414 => "the request target is too long",
        431 => "the head of the request is too large, or has too many headers",
        _ => "the request is not HTTP: its first line or a header is malformed",
    };
    let reason = status.canonical_reason().unwrap_or_default();
    let body = format!(r#"{{"status":"error","error":"{error}","request_id":""}}"#);
    let head = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        status.as_u16(),
        body.len()
    );
    (head + &body).into()
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.closing {
            let before = buffer.filled().len();
            if let Poll::Ready(read) = pin!(&mut this.stream).poll_read(cx, buffer) {
                let received = buffer.filled().get(before..).unwrap_or_default();
                this.received(received);
                return Poll::Ready(read);
            }
            ready!(this.poll_late(cx));
            this.closing = true;
            if this.in_head {
                this.farewell = last_words(StatusCode::REQUEST_TIMEOUT);
            }
        }
        ready!(this.poll_farewell(cx))?;
        // Nothing more is read: to hyper the client has closed.
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_farewell(cx))?;
        if let Some(farewell) = self.replacement(bytes) {
            self.farewell = farewell;
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.is_busy()
            && let Some(first) = slices.iter().find(|slice| !slice.is_empty())
        {
            return self.poll_write(cx, first);
        }
        ready!(self.poll_farewell(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_farewell(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // hyper flushes when it has written all that it had.
        if self.activity.running.get() == 0 && self.activity.owed.replace(false) {
            self.in_head = false;
            self.deadline = Instant::now() + self.limits.idle;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_farewell(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
