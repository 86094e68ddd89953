//! Timers of the host. It must not know who sleeps.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::host;

thread_local! {
    /// Who is to be woken by the timer of each number.
    static WAITING: RefCell<BTreeMap<u32, Waker>> = const { RefCell::new(BTreeMap::new()) };

    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// A timer that was set. Dropping it forgets it: the host's fires for nobody.
struct Timer(u32);

impl Drop for Timer {
    fn drop(&mut self) {
        WAITING.with_borrow_mut(|waiting| waiting.remove(&self.0));
    }
}

/// A future that is done once so long has passed.
pub(crate) fn sleep(duration: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
    let mut timer = None;
    Box::pin(poll_fn(move |cx| {
        let waker = cx.waker().clone();
        match &timer {
            None => {
                let number = NEXT.replace(NEXT.get().wrapping_add(1));
                WAITING.with_borrow_mut(|waiting| waiting.insert(number, waker));
                timer = Some(Timer(number));
                // The host counts whole milliseconds, and none too few.
                host::sleep(duration.as_secs_f64() * 1000.0, number);
                Poll::Pending
            }
            Some(Timer(number)) => {
                WAITING.with_borrow_mut(|waiting| match waiting.get_mut(number) {
                    Some(waiting) => {
                        *waiting = waker;
                        Poll::Pending
                    }
                    None => Poll::Ready(()),
                })
            }
        }
    }))
}

/// The host's timer of this number has rung.
pub(crate) fn ring(number: u32) {
    let waker = WAITING.with_borrow_mut(|waiting| waiting.remove(&number));
    if let Some(waker) = waker {
        waker.wake();
    }
}
