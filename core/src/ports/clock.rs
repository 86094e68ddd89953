//! The clock port.

use core::time::Duration;

/// A wall clock.
///
/// # For implementers
///
/// - Count from 1970-01-01T00:00:00Z, without leap seconds.
/// - Resolve at least milliseconds, unless the platform is coarser: Cloudflare's clock stands still while a request
///   computes (<https://developers.cloudflare.com/workers/reference/security-model/>).
///
/// # For users
///
/// - The clock may be set back: take the difference of two readings with `saturating_sub`.
/// - It may stand still while a request computes.
pub trait Clock {
    /// The time since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;
}
