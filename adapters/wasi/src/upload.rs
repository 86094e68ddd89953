//! The body of a request, read as a handler asks for it. What it does not read is discarded.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use guru_core::http::Chunks;
use guru_core::{Body, Headers, Method};
use wasip3::http::types::Request;
use wasip3::{spawn, wit_future};

use crate::reader::{Chunk, Reader, Source};

/// The body of a request of this method, with these headers.
pub(crate) fn body(request: Request, method: &Method, headers: &Headers) -> Body {
    let size = headers.get_str("content-length");
    let size: Option<u64> = size.and_then(|size| size.parse().ok());
    if size == Some(0) {
        return Body::empty();
    }
    // A body of unknown size is not usual in these (RFC 9110, section 9.3.1), and nobody knows before reading whether
    // there is one.
    let is_likely = size.is_some() || !matches!(*method, Method::GET | Method::HEAD);
    // The client waits for permission to send the body: who does not read, denies it.
    let is_asking = headers.get("expect").is_some();
    let arriving = Arriving(State::Unread {
        request,
        size,
        is_coming: is_likely && !is_asking,
    });
    match size {
        Some(size) => Body::sized_stream(size, arriving),
        None => Body::stream(arriving),
    }
}

/// A body that is read as it arrives.
struct Arriving(State);

enum State {
    Unread {
        request: Request,
        size: Option<u64>,
        /// Whether it must be discarded if it is not read.
        is_coming: bool,
    },
    Open(Source),
}

/// Opens the body of a request.
fn open(request: Request, size: Option<u64>) -> Reader {
    // The host learns the outcome of the request from its response; this future is for proxies.
    let (_outcome, outcome) = wit_future::new(|| Ok(()));
    let (stream, trailers) = Request::consume_body(request, outcome);
    Reader::new(stream, trailers, size)
}

impl Chunks for Arriving {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Chunk> {
        let mut source = match mem::replace(&mut self.0, State::Open(Source::Over)) {
            State::Unread { request, size, .. } => Source::Idle(open(request, size)),
            State::Open(source) => source,
        };
        let polled = Pin::new(&mut source).poll_chunk(cx);
        self.0 = State::Open(source);
        polled
    }
}

impl Drop for Arriving {
    /// A client that does not read while it sends would never get its response: a host that closes early resets the
    /// connection (RFC 9112, section 9.6).
    fn drop(&mut self) {
        match mem::replace(&mut self.0, State::Open(Source::Over)) {
            State::Unread {
                request,
                size,
                is_coming: true,
            } => spawn(open(request, size).drain()),
            State::Open(Source::Idle(reader)) => spawn(reader.drain()),
            State::Open(Source::Reading(reading)) => spawn(async move {
                if let (Some(reader), _) = reading.await {
                    reader.drain().await;
                }
            }),
            State::Unread { .. } | State::Open(Source::Over) => {}
        }
    }
}
