//! The clock port.

use alloc::boxed::Box;
use core::pin::Pin;
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

    /// A future that is done once so long has passed, and not before. Dropping it is cancelling.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()>>>;
}
