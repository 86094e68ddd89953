//! What is still to be done for a request once it has its answer. It must not know what that is.
//!
//! A task of a component ends when its function has returned and no operation that it began is open. So an operation keeps
//! its task alive by itself, and what it wakes is polled right then: no executor is needed. `wasip3::spawn` brings one,
//! which is a tenth of the adapter, and works only if the same version of `wit-bindgen` made the export.

use std::cell::RefCell;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

type Work = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    /// What waits for the host. A waker knows only the place of its work here: wakers may be sent to other threads, which
    /// work may not.
    static PLACES: RefCell<Vec<Place>> = const { RefCell::new(Vec::new()) };
}

enum Place {
    Free,
    /// Its work is being done.
    Taken,
    Waiting(Work),
}

/// Does the work now, as far as it goes, and the rest whenever the host has got further.
pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) {
    let index = PLACES.with_borrow_mut(|places| {
        let free = places.iter().position(|place| matches!(place, Place::Free));
        free.unwrap_or_else(|| {
            places.push(Place::Free);
            places.len() - 1
        })
    });
    advance(index, Box::pin(work));
}

fn advance(index: usize, mut work: Work) {
    replace(index, Place::Taken);
    let waker = Waker::from(Arc::new(Woken(index)));
    let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
    replace(
        index,
        match polled {
            Poll::Ready(()) => Place::Free,
            Poll::Pending => Place::Waiting(work),
        },
    );
}

fn replace(index: usize, by: Place) -> Option<Place> {
    PLACES.with_borrow_mut(|places| Some(mem::replace(places.get_mut(index)?, by)))
}

/// Whose work is to be gone on with.
struct Woken(usize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        if let Some(Place::Waiting(work)) = replace(self.0, Place::Taken) {
            advance(self.0, work);
        }
    }
}
