//! The host's clock.

use std::pin::Pin;
use std::time::Duration;

use guru_core::ports;
use wasip3::clocks::{monotonic_clock, system_clock};

/// `wasi:clocks/system-clock`.
pub(crate) struct Clock;

impl ports::Clock for Clock {
    fn now(&self) -> Duration {
        let now = system_clock::now();
        // A clock before 1970 is wrong by decades: 0 is as good as any value.
        u64::try_from(now.seconds)
            .map(|seconds| Duration::new(seconds, now.nanoseconds))
            .unwrap_or_default()
    }

    /// `wasi:clocks/monotonic-clock`.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Box::pin(monotonic_clock::wait_for(nanoseconds))
    }
}
