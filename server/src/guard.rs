//! The byte stream of one connection, below hyper: timeouts for the client, and an error response where hyper would
//! close without one or send an empty body. Parsing requests is left to hyper.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::activity::Activity;
use crate::limits::Limits;

/// How much of what a client keeps sending is discarded after the final response, and for how long. Closing at once
/// would reset the connection, and the client could not read the response (RFC 9112, section 9.6).
const DRAIN: usize = 8 * 1024 * 1024;
const LINGER: Duration = Duration::from_secs(2);

/// The connection preface of HTTP/2 (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The protocol that the client speaks, as far as its first bytes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// So far the client has sent this many bytes of the HTTP/2 preface, and nothing else.
    Unknown(usize),
    Http1,
    Http2,
}

impl Protocol {
    fn after(self, bytes: &[u8]) -> Self {
        let Self::Unknown(seen) = self else {
            return self;
        };
        let wanted = PREFACE.get(seen..).unwrap_or_default();
        let count = wanted.len().min(bytes.len());
        match wanted.get(..count) == bytes.get(..count) {
            false => Self::Http1,
            true if count == wanted.len() => Self::Http2,
            true => Self::Unknown(seen + count),
        }
    }
}

/// A TCP stream that times out slow clients and explains why it closes.
#[derive(Debug)]
pub struct Guard {
    stream: TcpStream,
    activity: Arc<Activity>,
    limits: Limits,
    protocol: Protocol,
    /// When the client times out.
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
    /// Whether part of an HTTP/1 request head has arrived, so that the deadline is for the rest.
    in_head: bool,
    /// The final response, sent in place of hyper's.
    farewell: Bytes,
    /// Whether reading has ended: the final response is being sent, or there is none.
    closing: bool,
    /// How many more bytes to discard after the final response.
    drain: usize,
}

impl Guard {
    /// Wraps a stream, and enforces the timeouts in `limits`.
    #[must_use]
    pub fn new(stream: TcpStream, activity: Arc<Activity>, limits: Limits) -> Self {
        let deadline = Instant::now() + limits.idle;
        Self {
            stream,
            activity,
            limits,
            protocol: Protocol::Unknown(0),
            deadline,
            timer: Box::pin(sleep_until(deadline)),
            in_head: false,
            farewell: Bytes::new(),
            closing: false,
            drain: 0,
        }
    }

    /// Records that bytes have been received.
    fn received(&mut self, bytes: &[u8]) {
        self.protocol = self.protocol.after(bytes);
        if self.protocol == Protocol::Http2 || self.activity.is_owed() {
            self.in_head = false;
            // An HTTP/2 client that reads none of its responses must not gain time by sending frames.
            if !self.activity.is_owed() || self.activity.is_handling() {
                self.progress();
            }
        } else if !self.in_head {
            self.in_head = true;
            self.deadline = Instant::now() + self.limits.read;
        }
    }

    /// Records that the client has sent or read something, which restarts its timeout.
    fn progress(&mut self) {
        let time = if self.activity.is_owed() {
            self.limits.read
        } else {
            self.limits.idle
        };
        self.deadline = Instant::now() + time;
    }

    /// Ready once the client has timed out. Moving the deadline does not reset the timer until it fires, because most
    /// deadlines are never reached.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.activity.take_fresh() {
            self.progress();
        }
        if !self.activity.is_handling() && self.deadline < self.timer.deadline() {
            self.timer.as_mut().reset(self.deadline);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if self.activity.is_handling() {
                // The client is waiting for the server: this timeout does not apply to handlers.
                self.progress();
            } else if self.deadline <= Instant::now() {
                return Poll::Ready(());
            }
            let deadline = self.deadline;
            self.timer.as_mut().reset(deadline);
        }
    }

    /// The result of a write, or an error once the client has not read anything for too long.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.progress();
            return done;
        }
        ready!(self.poll_late(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Stops reading, and prepares the final response that says why.
    fn part(&mut self, status: StatusCode) {
        self.farewell = last_words(status);
        self.drain = DRAIN;
        self.deadline = Instant::now() + LINGER.min(self.limits.read);
        self.closing = true;
    }

    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.farewell.has_remaining() {
            let done = Pin::new(&mut self.stream).poll_write(cx, &self.farewell);
            if done.is_pending() {
                ready!(self.poll_late(cx));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            match ready!(done)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.farewell.advance(sent),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Discards what the client keeps sending, until it stops or its time is up.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 8192];
        while self.drain > 0 {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.drain = self.drain.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => self.drain = 0,
                Poll::Pending => {
                    ready!(self.poll_late(cx));
                    self.drain = 0;
                }
            }
        }
        Poll::Ready(())
    }

    /// The status, if these bytes are hyper's own response to something that it could not parse. Over HTTP/1 only
    /// those are written while no request is in flight, and they have no content.
    fn is_of_hyper(&self, bytes: &[u8]) -> Option<StatusCode> {
        if self.protocol != Protocol::Http1 || self.activity.is_owed() {
            return None;
        }
        let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
        StatusCode::from_bytes(status)
            .ok()
            .filter(StatusCode::is_client_error)
    }
}

/// A complete error response, in the format of all errors. Without a request, it has no id.
fn last_words(status: StatusCode) -> Bytes {
    let error = match status.as_u16() {
        408 => "the head of the request did not arrive in time",
        414 => "the request target is too long",
        431 => "the head of the request is too large, or has too many headers",
        _ => "the request is not HTTP: its first line or a header is malformed",
    };
    answer(status, error, "")
}

/// A complete HTTP/1.1 response, after which the connection is closed. `fields` are lines of its head.
pub(crate) fn answer(status: StatusCode, error: &str, fields: &str) -> Bytes {
    let reason = status.canonical_reason().unwrap_or_default();
    let body = format!(r#"{{"status":"error","error":"{error}","request_id":""}}"#);
    let head = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         {fields}connection: close\r\n\r\n",
        status.as_u16(),
        body.len()
    );
    (head + &body).into()
}

impl AsyncRead for Guard {
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
            if this.activity.is_owed() {
                // Over HTTP/2 a client can refuse to read a response while it keeps reading from the connection.
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            this.closing = true;
            if this.in_head && this.protocol == Protocol::Http1 {
                this.part(StatusCode::REQUEST_TIMEOUT);
            }
        }
        ready!(this.poll_farewell(cx))?;
        // Reading has ended: to hyper, the client has closed.
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_farewell(cx))?;
        if let Some(status) = self.is_of_hyper(bytes) {
            self.part(status);
            return Poll::Ready(Ok(bytes.len()));
        }
        let done = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_farewell(cx))?;
        let first = slices.iter().find(|slice| !slice.is_empty());
        if let Some(first) = first
            && self.is_of_hyper(first).is_some()
        {
            return self.poll_write(cx, first);
        }
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_farewell(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // hyper flushes once it has written everything that it had.
        if self.activity.settle() {
            self.in_head = false;
            self.progress();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_farewell(cx))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        self.poll_drain(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_told_by_the_first_bytes_however_they_are_cut() {
        for (pieces, expected) in [
            (&[&b"GET / HTTP/1.1\r\n"[..]][..], Protocol::Http1),
            (&[b"PRI"], Protocol::Unknown(3)),
            (
                &[b"PRI", b" * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0"],
                Protocol::Http2,
            ),
            (&[b"P", b"R", b"OPFIND /"], Protocol::Http1),
            (&[b"GET", PREFACE], Protocol::Http1),
            (&[PREFACE, b"HTTP/1.1 "], Protocol::Http2),
        ] {
            let told = pieces
                .iter()
                .fold(Protocol::Unknown(0), |told, piece| told.after(piece));
            assert_eq!(told, expected, "{pieces:?}");
        }
    }
}
