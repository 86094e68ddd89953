//! The wire: sends a request's bytes as they are and reads a response's bytes as they come.
//!
//! It repairs nothing and follows no redirects; a server's framing mistake is an error here, not something to recover from.

mod answer;
mod endpoint;
mod request;
mod tcp;
#[cfg(test)]
mod tests;
mod tls;

pub use answer::RawResponse;
pub use endpoint::{Endpoint, Progress, Stream, Transport};
pub use request::{Message, describe, encode};

use std::fmt;
use std::time::{Duration, Instant};

use crate::bytes::quoted;

/// Why an exchange failed, with all that is known about it.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub what: String,
    /// Whether the connection ended before the first byte of a response.
    pub silent: bool,
    /// The head of the answer, without its body, if the connection ended or broke after it and before the end of the body.
    pub broken: Option<Box<RawResponse>>,
    received: Vec<u8>,
    took: Duration,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} after {:.1?}; ", self.what, self.took)?;
        if self.received.is_empty() {
            write!(out, "nothing had come back")
        } else {
            write!(
                out,
                "{} bytes had come back: {}",
                self.received.len(),
                quoted(&self.received, 400)
            )
        }
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// Whether the server said nothing at all, for as long as it had.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        !self.silent && self.received.is_empty()
    }
}

/// A connection, kept open between exchanges as long as the server allows.
pub struct Connection {
    stream: Box<dyn Stream>,
    received: Vec<u8>,
    open: bool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connection")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Opens a new connection to `endpoint`.
    pub fn open(endpoint: &Endpoint, limit: Duration) -> Result<Self, Failure> {
        let started = Instant::now();
        match endpoint.transport.open(started + limit) {
            Ok(stream) => Ok(Self {
                stream,
                received: Vec::new(),
                open: true,
            }),
            Err(error) => Err(Failure {
                what: format!("no connection to {}: {error}", endpoint.authority),
                silent: false,
                broken: None,
                received: Vec::new(),
                took: started.elapsed(),
            }),
        }
    }

    /// Whether another request may be sent on it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Sends `message` and reads the response at the same time: a server may respond before it has read everything (RFC 9110
    /// section 15.5.14), and otherwise both sides could wait forever.
    pub fn exchange(
        &mut self,
        message: &Message,
        is_head: bool,
        limit: Duration,
    ) -> Result<RawResponse, Failure> {
        let started = Instant::now();
        let deadline = started + limit;
        let bytes = &*message.bytes;
        let (mut unsent, mut later) = bytes.split_at(message.first.unwrap_or(bytes.len()));
        let mut interim = Vec::new();
        let mut ended = false;
        let mut begun = None;
        loop {
            match answer::parse(&self.received, is_head, ended, &mut interim) {
                Err(wrong) => {
                    return Err(self.fail(
                        format!("the answer cannot be read: {wrong}"),
                        false,
                        started,
                    ));
                }
                Ok(Some((mut answer, length))) => {
                    answer.lasted = begun
                        .map(|begun: Instant| begun.elapsed())
                        .unwrap_or_default();
                    let all_sent = unsent.is_empty() && later.is_empty();
                    return Ok(self.complete(answer, length, all_sent));
                }
                Ok(None) if ended => {
                    let what = match self.received.is_empty() {
                        true => "the server closed the connection without an answer",
                        false => "the server closed the connection in the middle of its answer",
                    };
                    return Err(self.fail(what.into(), true, started));
                }
                Ok(None) => {}
            }
            if begun.is_none() && answer::has_body(&self.received) {
                begun = Some(Instant::now());
                if unsent.is_empty() {
                    unsent = std::mem::take(&mut later);
                }
            }
            match self.stream.advance(unsent, &mut self.received, deadline) {
                Ok(progress) => {
                    unsent = unsent.get(progress.sent..).unwrap_or_default();
                    ended = progress.ended;
                }
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    return Err(self.fail(
                        format!("no whole answer within {limit:?}"),
                        false,
                        started,
                    ));
                }
                Err(error) => {
                    return Err(self.fail(format!("the connection broke: {error}"), true, started));
                }
            }
        }
    }

    /// Removes the response from the receive buffer. What remains does not belong to any response.
    fn complete(&mut self, mut answer: RawResponse, length: usize, all_sent: bool) -> RawResponse {
        self.received.drain(..length);
        if self.received.is_empty() && answer.keep_alive {
            // A deadline that has passed: takes what has arrived, without waiting.
            let _ = self.stream.advance(&[], &mut self.received, Instant::now());
        }
        answer.surplus = std::mem::take(&mut self.received);
        self.open = answer.keep_alive && all_sent && answer.surplus.is_empty();
        answer
    }

    fn fail(&mut self, what: String, ended: bool, started: Instant) -> Failure {
        self.open = false;
        let received = std::mem::take(&mut self.received);
        Failure {
            silent: ended && received.is_empty(),
            broken: match ended {
                true => answer::final_head(&received).map(Box::new),
                false => None,
            },
            what,
            received,
            took: started.elapsed(),
        }
    }
}
