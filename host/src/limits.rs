//! The limits on one request.

use std::time::Duration;

/// The limits on one request, and on the number of concurrent requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory. Allocating more fails, which aborts a Rust program: 500.
    pub memory: usize,
    /// The timeout from the head of a request to the head of its response, which is 504, whether the function waits or
    /// computes; and from there to each chunk that a client awaits, after which the transfer is broken off.
    pub time: Duration,
    /// Bytes of stack. Deeper calls trap: 500.
    pub stack: usize,
    /// Concurrent requests. Any more wait, within their timeout, and then get a 503.
    pub instances: u32,
}

impl Default for Limits {
    /// 128 MB, as on Cloudflare; 30 seconds, as in the local server.
    fn default() -> Self {
        Self {
            memory: 128 * 1024 * 1024,
            time: Duration::from_secs(30),
            stack: 1024 * 1024,
            instances: 128,
        }
    }
}
