//! Calls to the host, which it answers later, by their number. It must not know what was called.

use std::cell::{Cell, RefCell};
use std::task::{Context, Poll, Waker};

/// Something that the host has said of a call.
pub(crate) struct Reply {
    /// What it is, in the numbering of the port.
    pub(crate) what: u8,
    pub(crate) status: u16,
    pub(crate) size: f64,
    pub(crate) text: String,
    pub(crate) bytes: Option<Vec<u8>>,
}

/// What came for a call that nobody has taken yet, and who waits for more.
#[derive(Default)]
struct Slot {
    replies: Vec<Reply>,
    waker: Option<Waker>,
}

thread_local! {
    /// The calls in flight. A list that is searched: one request has few of them.
    static CALLS: RefCell<Vec<(u32, Slot)>> = const { RefCell::new(Vec::new()) };

    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// Something came for a call, unless that was given up.
#[doc(hidden)]
pub fn answered(
    number: u32,
    what: u8,
    status: u16,
    size: f64,
    text: String,
    bytes: Option<Vec<u8>>,
) {
    let waker = CALLS.with_borrow_mut(|calls| {
        let slot = &mut calls.iter_mut().find(|(of, _)| *of == number)?.1;
        slot.replies.push(Reply {
            what,
            status,
            size,
            text,
            bytes,
        });
        slot.waker.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A call in flight. Dropping it forgets it: what comes for it is for nobody.
pub(crate) struct Call(pub(crate) u32);

impl Call {
    pub(crate) fn new() -> Self {
        let number = NEXT.replace(NEXT.get().wrapping_add(1));
        CALLS.with_borrow_mut(|calls| calls.push((number, Slot::default())));
        Self(number)
    }

    /// Takes something out of what came, or waits for more.
    pub(crate) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut Vec<Reply>) -> Option<T>,
    ) -> Poll<T> {
        CALLS.with_borrow_mut(|calls| {
            let slot = calls.iter_mut().find(|(of, _)| *of == self.0);
            let Some((_, slot)) = slot else {
                return Poll::Pending;
            };
            slot.waker = Some(cx.waker().clone());
            take(&mut slot.replies).map_or(Poll::Pending, Poll::Ready)
        })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        CALLS.with_borrow_mut(|calls| calls.retain(|(of, _)| *of != self.0));
    }
}
