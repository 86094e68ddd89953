//! The parts of a request's path that a router has named. It must not know how a route is found.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::ops::Range;

/// The pattern of a route, as a handler can ask for it.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: Box<str>,
    pub(crate) names: Vec<Box<str>>,
    /// Whether the last name stands for all that is left of the path.
    pub(crate) has_rest: bool,
}

/// The pattern that matched, and where in the path its parameters stand.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pattern: Option<Rc<Pattern>>,
    spans: Vec<Range<usize>>,
}

impl Params {
    /// Those of a route, with a span of the path for each name.
    pub(crate) const fn new(pattern: Rc<Pattern>, spans: Vec<Range<usize>>) -> Self {
        Self {
            pattern: Some(pattern),
            spans,
        }
    }

    /// The pattern; `None` before routing.
    pub(crate) fn pattern(&self) -> Option<&str> {
        self.pattern.as_ref().map(|pattern| &*pattern.text)
    }

    /// Where a parameter stands.
    pub(crate) fn span(&self, name: &str) -> Option<Range<usize>> {
        let names = &self.pattern.as_ref()?.names;
        let index = names.iter().position(|held| **held == *name)?;
        self.spans.get(index).cloned()
    }

    /// Where the rest of the path stands, if the pattern has a name for it.
    pub(crate) fn rest(&self) -> Option<Range<usize>> {
        let has_rest = self.pattern.as_ref()?.has_rest;
        self.spans.last().filter(|_| has_rest).cloned()
    }
}
