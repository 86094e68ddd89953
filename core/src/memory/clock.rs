//! A clock that stands still until it is told to move, or until all wait for it.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Poll, Waker};
use core::time::Duration;

use crate::ports;

/// A clock that moves only when told to, or when everything else waits for it. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct Clock(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    now: Cell<Duration>,
    sleepers: RefCell<Vec<(Duration, Waker)>>,
}

impl Clock {
    /// Creates a clock at this time since 1970.
    #[must_use]
    pub fn at(now: Duration) -> Self {
        let clock = Self::default();
        clock.0.now.set(now);
        clock
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        self.move_to(self.0.now.get().saturating_add(by));
    }

    /// Moves it to when the first of those who sleep is to wake. False where nobody sleeps.
    pub(super) fn wake_first(&self) -> bool {
        let first = self.0.sleepers.borrow().iter().map(|(at, _)| *at).min();
        match first {
            Some(at) => {
                self.move_to(at.max(self.0.now.get()));
                true
            }
            None => false,
        }
    }

    fn move_to(&self, now: Duration) {
        self.0.now.set(now);
        let mut woken = Vec::new();
        self.0.sleepers.borrow_mut().retain(|(at, waker)| {
            let is_due = *at <= now;
            if is_due {
                woken.push(waker.clone());
            }
            !is_due
        });
        woken.into_iter().for_each(Waker::wake);
    }
}

impl ports::Clock for Clock {
    fn now(&self) -> Duration {
        self.0.now.get()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
        let inner = Rc::clone(&self.0);
        let at = inner.now.get().saturating_add(duration);
        Box::pin(poll_fn(move |cx| {
            if inner.now.get() >= at {
                return Poll::Ready(());
            }
            let mut sleepers = inner.sleepers.borrow_mut();
            sleepers.push((at, cx.waker().clone()));
            Poll::Pending
        }))
    }
}
