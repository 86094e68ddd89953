//! The system's clock.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use guru_core::ports;

/// Wall-clock time, as the system has it.
pub(crate) struct Clock;

impl ports::Clock for Clock {
    fn now(&self) -> Duration {
        // A clock before 1970 is wrong by decades: 0 is as good as any value.
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(tokio::time::sleep(duration))
    }
}
