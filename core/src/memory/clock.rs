//! A clock that is set by hand.

use alloc::rc::Rc;
use core::cell::Cell;
use core::time::Duration;

use crate::ports;

/// A clock that moves only when it is advanced. Clones share the same clock.
#[derive(Clone, Debug, Default)]
pub struct Clock(Rc<Cell<Duration>>);

impl Clock {
    /// Creates a clock at this time since 1970.
    #[must_use]
    pub fn at(now: Duration) -> Self {
        Self(Rc::new(Cell::new(now)))
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        self.0.set(self.0.get().saturating_add(by));
    }
}

impl ports::Clock for Clock {
    fn now(&self) -> Duration {
        self.0.get()
    }
}
