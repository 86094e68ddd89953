//! The time. It must not know time zones or calendars.

use alloc::boxed::Box;
use core::pin::Pin;
use core::time::Duration;

/// A clock.
///
/// - Counts from 1970-01-01T00:00:00Z, without leap seconds.
/// - At least milliseconds, unless the platform is coarser: Cloudflare's clock stands still while a
///   request computes (<https://developers.cloudflare.com/workers/reference/security-model/>).
/// - May be set back: a difference of two readings is taken with `saturating_sub`.
pub trait Clock {
    /// How long ago 1970 began.
    fn now(&self) -> Duration;

    /// A future that is done once so long has passed, and not before. Dropping it is cancelling.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()>>>;
}
