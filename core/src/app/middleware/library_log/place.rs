//! Where the lines of this thread go. A library hands its lines to what all threads share, and a log belongs to one thread.

use alloc::rc::Rc;
use core::cell::Cell;
use core::fmt;
use std::thread::LocalKey;
use std::thread_local;

use crate::app::Context;
use crate::ports::{Field, Level, Log, Record};

thread_local! {
    static HERE: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Where lines go, and which of them.
#[derive(Clone)]
pub(super) struct Place {
    owner: Owner,
    least: Level,
}

#[derive(Clone)]
enum Owner {
    Request(Context),
    /// Between requests: the log of the last one.
    Nobody(Rc<dyn Log>),
}

impl Place {
    pub(super) const fn of_request(cx: Context, least: Level) -> Self {
        let owner = Owner::Request(cx);
        Self { owner, least }
    }

    /// Has the lines of `work` go there.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = swap(Some(self.clone()));
        let _back = Back(match before {
            // An app that is asked within a request, as in a test.
            Some(Self {
                owner: Owner::Request(_),
                ..
            }) => before,
            _ => Some(self.after()),
        });
        work()
    }

    fn after(&self) -> Self {
        let log = match &self.owner {
            Owner::Request(cx) => &cx.ports().log,
            Owner::Nobody(log) => log,
        };
        Self {
            owner: Owner::Nobody(Rc::clone(log)),
            least: self.least,
        }
    }

    fn log(&self, level: Level, message: &dyn fmt::Display, fields: &[Field<'_>]) {
        match &self.owner {
            Owner::Request(cx) => cx.log().log(level, message, fields),
            Owner::Nobody(log) => log.log(&Record::new(level, &message, fields)),
        }
    }
}

/// Whether lines of this level are taken now.
pub(super) fn takes(level: Level) -> bool {
    let here = swap(None);
    let takes = here.as_ref().is_some_and(|here| level >= here.least);
    swap(here);
    takes
}

/// Writes a line. Those that are written meanwhile, by the log itself or what formats a message, would have no end, and are lost.
pub(super) fn write(level: Level, message: &dyn fmt::Display, fields: &[Field<'_>]) {
    let back = Back(swap(None));
    if let Some(here) = &back.0
        && level >= here.least
    {
        here.log(level, message, fields);
    }
}

/// Puts back what was here, after a panic, too.
struct Back(Option<Place>);

impl Drop for Back {
    fn drop(&mut self) {
        swap(self.0.take());
    }
}

/// At the end of a thread there is no place any more, and what is put there is dropped.
fn swap(place: Option<Place>) -> Option<Place> {
    let here: &LocalKey<_> = &HERE;
    here.try_with(|here| here.replace(place)).ok().flatten()
}
