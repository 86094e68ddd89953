//! What a connection is doing, as its service tells it. It must not know bytes.

use std::cell::Cell;
use std::rc::Rc;

/// What a connection is doing.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests whose answer is being made.
    handling: Cell<usize>,
    /// Requests whose answer hyper has not taken over yet.
    answering: Cell<usize>,
    /// Whether bytes of an answer may still be on their way out.
    owed: Cell<bool>,
    /// Whether an answer has been made since this was last asked.
    fresh: Cell<bool>,
}

impl Activity {
    /// A request has arrived.
    pub(crate) fn begin(self: &Rc<Self>) -> Running {
        add(&self.handling);
        self.owed.set(true);
        Running {
            activity: Rc::clone(self),
            is_answered: false,
        }
    }

    pub(crate) fn is_handling(&self) -> bool {
        self.handling.get() > 0
    }

    /// Whether an answer has been made since the last call: the client's time begins anew.
    pub(crate) fn take_fresh(&self) -> bool {
        self.fresh.replace(false)
    }

    pub(crate) fn is_owed(&self) -> bool {
        self.owed.get()
    }

    /// All that there was has been written. Says whether that was the last of an answer.
    pub(crate) fn settle(&self) -> bool {
        !self.is_handling() && self.answering.get() == 0 && self.owed.replace(false)
    }
}

/// A request under way. It is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    activity: Rc<Activity>,
    is_answered: bool,
}

impl Running {
    /// There is an answer; it is still to be sent.
    pub(crate) fn answered(mut self) -> Self {
        subtract(&self.activity.handling);
        add(&self.activity.answering);
        self.activity.fresh.set(true);
        self.is_answered = true;
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Activity {
            handling,
            answering,
            ..
        } = &*self.activity;
        subtract(if self.is_answered {
            answering
        } else {
            handling
        });
    }
}

fn add(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

fn subtract(count: &Cell<usize>) {
    count.set(count.get().saturating_sub(1));
}
