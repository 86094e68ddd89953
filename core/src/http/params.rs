//! The path parameters of a matched route.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::ops::Range;

/// The pattern of a route.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: Box<str>,
    pub(crate) names: Vec<Box<str>>,
    /// Whether the last name is a rest, which matches the remaining path.
    pub(crate) has_rest: bool,
}

/// The matched pattern, and the positions of its parameters in the path.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pattern: Option<Rc<Pattern>>,
    spans: Vec<Range<usize>>,
}

impl Params {
    /// The parameters of a route, with one span of the path per name.
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

    /// The parameters: their names and spans, in the order of the pattern.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let names = self.pattern.iter().flat_map(|pattern| &pattern.names);
        names.map(|name| &**name).zip(self.spans.iter().cloned())
    }

    /// The span of a parameter.
    pub(crate) fn span(&self, name: &str) -> Option<Range<usize>> {
        let names = &self.pattern.as_ref()?.names;
        let index = names.iter().position(|held| **held == *name)?;
        self.spans.get(index).cloned()
    }

    /// The span of the rest, if the pattern has one.
    pub(crate) fn rest(&self) -> Option<Range<usize>> {
        let has_rest = self.pattern.as_ref()?.has_rest;
        self.spans.last().filter(|_| has_rest).cloned()
    }
}
