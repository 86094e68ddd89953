//! What a client may take of a server, and a builder of hyper's that keeps it.

use std::time::Duration;

use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Builder;

/// The most headers of a request; more is 431.
const HEADERS: usize = 512;

/// What a client may take of a server.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The bytes of a request's line and headers; more is 431.
    pub head: usize,
    /// How long the head of a request may take from its first byte; longer is 408. A client that takes nothing of its
    /// answer for so long is cut off.
    pub read: Duration,
    /// How long a connection may stay open without a request.
    pub idle: Duration,
    /// Requests at once on one connection of HTTP/2.
    pub streams: u32,
    /// Open connections. More are answered 503 and closed.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 64 * 1024,
            read: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            // What RFC 9113, section 6.5.2, recommends as the least.
            streams: 100,
            connections: 16_384,
        }
    }
}

/// A builder of connections that keeps to these limits. A [`Guard`](crate::Guard) below it keeps those on time.
pub fn builder<E>(executor: E, limits: &Limits) -> Builder<E> {
    let mut builder = Builder::new(executor);
    builder
        .http1()
        .max_headers(HEADERS)
        .max_buf_size(limits.head)
        // A client may close its side once it has asked, as `nc -N` does.
        .half_close(true)
        .header_read_timeout(None)
        // The server writes it: see `date`.
        .auto_date_header(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.streams)
        .auto_date_header(false);
    builder
}
