//! The limits on one request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

/// The limits on one request, and on the number of concurrent requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory. Allocating more fails, which aborts a Rust program: 500.
    pub memory: usize,
    /// The timeout from the head of a request to the head of its response, which is 504, whether the function waits or
    /// computes; and from there to each chunk that a client awaits, after which the transfer is broken off.
    pub time: Duration,
    /// From the head of a request to the end of its response, and of what goes on after it. `None`: as long as there is a chunk
    /// within `time`.
    pub total: Option<Duration>,
    /// Bytes of stack. Deeper calls trap: 500.
    pub stack: usize,
    /// Concurrent requests. Any more wait, within their timeout, and then get a 503.
    pub instances: u32,
    /// Requests to other servers that one request may have open at once, each until all of its answer was read, or dropped. Any
    /// more wait for that, within the time that the function gives them.
    pub fetches: u32,
    /// Bytes of content of an answer by another server. More is not read: the function sees it break off. `None`: any number,
    /// of which only what the function keeps takes memory.
    pub fetched: Option<usize>,
}

impl Default for Limits {
    /// 128 MB, as on Cloudflare; 30 seconds, as in the local server; 64 requests to other servers at once.
    fn default() -> Self {
        Self {
            memory: 128 * 1024 * 1024,
            time: Duration::from_secs(30),
            total: None,
            stack: 1024 * 1024,
            instances: 128,
            fetches: 64,
            fetched: None,
        }
    }
}

/// So many places.
pub(crate) fn places(count: u32) -> Arc<Semaphore> {
    let count = usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS);
    Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)))
}
