//! Limits on clients, and a hyper builder that enforces them.

use std::time::Duration;

use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Builder;

/// The maximum number of headers in a request; more is 431.
const HEADERS: usize = 512;

/// Limits on clients.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The size of a request's line and headers in bytes; more is 431.
    pub head: usize,
    /// The timeout for the head of a request, from its first byte; longer is 408. A client that reads nothing of its
    /// response for this long is cut off.
    pub read: Duration,
    /// How long a connection may stay idle, without a request.
    pub idle: Duration,
    /// Concurrent requests on one HTTP/2 connection.
    pub streams: u32,
    /// Open connections. Any more get a 503 and are closed.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 64 * 1024,
            read: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            // The minimum recommended by RFC 9113, section 6.5.2.
            streams: 100,
            connections: 16_384,
        }
    }
}

/// Creates a connection builder with these limits. The timeouts are enforced by a [`Guard`](crate::Guard) below it.
pub fn builder<E>(executor: E, limits: &Limits) -> Builder<E> {
    let mut builder = Builder::new(executor);
    builder
        .http1()
        .max_headers(HEADERS)
        .max_buf_size(limits.head)
        // A client may close its side after the request, as `nc -N` does.
        .half_close(true)
        .header_read_timeout(None)
        // The server sets it: see `date`.
        .auto_date_header(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.streams)
        .auto_date_header(false);
    builder
}
