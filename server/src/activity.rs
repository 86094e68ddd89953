//! The state of a connection, as its service reports it to its guard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// The state of a connection.
#[derive(Debug, Default)]
pub struct Activity {
    /// Requests whose response, or the next piece of it, is being produced.
    handling: AtomicUsize,
    /// Requests whose response hyper has not fully taken over yet.
    answering: AtomicUsize,
    /// Whether bytes of a response may still be unsent.
    owed: AtomicBool,
    /// Whether a response has been produced since this was last checked.
    fresh: AtomicBool,
}

impl Activity {
    /// Records that a request has arrived.
    pub fn begin(self: &Arc<Self>) -> Running {
        self.handling.fetch_add(1, Relaxed);
        self.owed.store(true, Relaxed);
        Running {
            activity: Arc::clone(self),
            is_answered: false,
            is_making: true,
        }
    }

    pub(crate) fn is_handling(&self) -> bool {
        self.handling.load(Relaxed) > 0
    }

    /// Whether a response has been produced since the last call, which restarts the client's timeout.
    pub(crate) fn take_fresh(&self) -> bool {
        self.fresh.load(Relaxed) && self.fresh.swap(false, Relaxed)
    }

    pub(crate) fn is_owed(&self) -> bool {
        self.owed.load(Relaxed)
    }

    /// Records that everything available has been written. Returns whether that was the end of a response.
    pub(crate) fn settle(&self) -> bool {
        !self.is_handling()
            && self.answering.load(Relaxed) == 0
            && self.is_owed()
            && self.owed.swap(false, Relaxed)
    }
}

/// A request in flight. It ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    activity: Arc<Activity>,
    is_answered: bool,
    is_making: bool,
}

impl Running {
    /// Records that the response has been produced, and is still to be sent.
    pub(crate) fn answered(mut self) -> Self {
        self.activity.answering.fetch_add(1, Relaxed);
        self.is_answered = true;
        self.making(false);
        self
    }

    /// Records whether the client is waiting for the server.
    pub(crate) fn making(&mut self, is_making: bool) {
        if is_making == self.is_making {
            return;
        }
        self.is_making = is_making;
        if is_making {
            self.activity.handling.fetch_add(1, Relaxed);
        } else {
            self.activity.handling.fetch_sub(1, Relaxed);
            self.activity.fresh.store(true, Relaxed);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.making(false);
        if self.is_answered {
            self.activity.answering.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_settled_once_nothing_is_made_nor_sent() {
        let activity = Arc::new(Activity::default());
        assert!(!activity.settle());
        let first = activity.begin();
        let second = activity.begin();
        assert!(activity.is_handling() && !activity.settle());
        drop(second);
        assert!(activity.is_handling() && activity.take_fresh() && !activity.take_fresh());
        let mut first = first.answered();
        assert!(!activity.is_handling() && !activity.settle());
        first.making(true);
        assert!(activity.is_handling());
        drop(first);
        assert!(activity.settle() && !activity.settle() && !activity.is_owed());
    }
}
