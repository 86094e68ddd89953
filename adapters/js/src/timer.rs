//! Timers of the host. It must not know who sleeps.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::host;

thread_local! {
    /// Who is to be woken by the timer of each number. A list that is searched: a map would add 8 KiB to every function,
    /// and a limited number of requests sleep here.
    static WAITING: RefCell<Vec<(u32, Waker)>> = const { RefCell::new(Vec::new()) };

    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// A timer that was set. Dropping it forgets it: the host's fires for nobody.
struct Timer(u32);

impl Drop for Timer {
    fn drop(&mut self) {
        drop(take(self.0));
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
                WAITING.with_borrow_mut(|waiting| waiting.push((number, waker)));
                timer = Some(Timer(number));
                // The host counts whole milliseconds, and none too few.
                host::sleep(duration.as_secs_f64() * 1000.0, number);
                Poll::Pending
            }
            Some(Timer(number)) => WAITING.with_borrow_mut(|waiting| {
                match waiting.iter_mut().find(|(of, _)| of == number) {
                    Some((_, waiting)) => {
                        *waiting = waker;
                        Poll::Pending
                    }
                    None => Poll::Ready(()),
                }
            }),
        }
    }))
}

/// The host's timer of this number has rung.
pub(crate) fn ring(number: u32) {
    if let Some(waker) = take(number) {
        waker.wake();
    }
}

fn take(number: u32) -> Option<Waker> {
    WAITING.with_borrow_mut(|waiting| {
        let at = waiting.iter().position(|(of, _)| *of == number)?;
        Some(waiting.swap_remove(at).1)
    })
}
