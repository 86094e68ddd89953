//! What one request may use. It must not know how that is enforced.

use std::time::Duration;

/// What one request may use, and how many there may be at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory. Asking for more fails, which ends a Rust program: 500.
    pub memory: usize,
    /// From the head of a request to the last byte of its answer. Longer is 504, whether the function
    /// waits or computes.
    pub time: Duration,
    /// Bytes of stack. Deeper calls are a trap: 500.
    pub stack: usize,
    /// Requests at once. More wait, within their time, and are then a 503.
    pub instances: u32,
}

impl Default for Limits {
    /// As on Cloudflare, 128 MB; as in the local server, 30 seconds.
    fn default() -> Self {
        Self {
            memory: 128 * 1024 * 1024,
            time: Duration::from_secs(30),
            stack: 1024 * 1024,
            instances: 128,
        }
    }
}
