//! What a connection is doing, as its service tells its guard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// What a connection is doing.
#[derive(Debug, Default)]
pub struct Activity {
    /// Requests whose answer is being made, or the next piece of it.
    handling: AtomicUsize,
    /// Requests whose answer hyper has not taken over yet.
    answering: AtomicUsize,
    /// Whether bytes of an answer may still be on their way out.
    owed: AtomicBool,
    /// Whether an answer has been made since this was last asked.
    fresh: AtomicBool,
}

impl Activity {
    /// A request has arrived.
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

    /// Whether an answer has been made since the last call: the client's time begins anew.
    pub(crate) fn take_fresh(&self) -> bool {
        self.fresh.load(Relaxed) && self.fresh.swap(false, Relaxed)
    }

    pub(crate) fn is_owed(&self) -> bool {
        self.owed.load(Relaxed)
    }

    /// All that there was has been written. Says whether that was the last of an answer.
    pub(crate) fn settle(&self) -> bool {
        !self.is_handling()
            && self.answering.load(Relaxed) == 0
            && self.is_owed()
            && self.owed.swap(false, Relaxed)
    }
}

/// A request under way. It is over when this is dropped.
#[derive(Debug)]
pub struct Running {
    activity: Arc<Activity>,
    is_answered: bool,
    is_making: bool,
}

impl Running {
    /// There is an answer; it is still to be sent.
    pub(crate) fn answered(mut self) -> Self {
        self.activity.answering.fetch_add(1, Relaxed);
        self.is_answered = true;
        self.making(false);
        self
    }

    /// Whether the client waits for us.
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
