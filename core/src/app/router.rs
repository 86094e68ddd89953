//! Maps a path and a method to a handler.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::ops::Range;

use super::pattern::{Part, parse, refused};
use super::{Error, ErrorKind, Handler, Result};
use crate::http::{Method, Params, Pattern, Request, Segments};

/// The routes, as a tree with one level per segment.
#[derive(Default)]
pub(super) struct Router {
    root: Node,
    routes: Vec<Route>,
    order: Vec<(Option<Method>, usize)>,
    pub(super) fallbacks: Fallbacks,
    /// Tells handlers their limits, where one has to be told.
    pub(super) settle: Option<fn(&Self, usize)>,
    /// Finds one of these. An app without some has no code for it.
    pub(super) find_fallback: Option<FindFallback>,
}

type FindFallback = fn(&Fallbacks, &str) -> Option<Rc<dyn Handler>>;

/// What handles a request that no route matches.
#[derive(Default)]
pub(super) struct Fallbacks {
    pub(super) own: Option<Rc<dyn Handler>>,
    /// Those of apps that are mounted, by their prefixes.
    below: Option<Box<Router>>,
}

/// What a router is made of, to be added to another.
pub(super) struct Added {
    pub(super) method: Option<Method>,
    pub(super) pattern: Box<str>,
    pub(super) handler: Rc<dyn Handler>,
    pub(super) refuse: Option<Refuse>,
}

#[derive(Default)]
struct Node {
    literals: Vec<(Box<str>, Node)>,
    name: Option<Box<Node>>,
    rest: Option<usize>,
    end: Option<usize>,
}

struct Route {
    pattern: Rc<Pattern>,
    methods: Vec<(Method, Rc<dyn Handler>)>,
    any: Option<Rc<dyn Handler>>,
    refuse: Option<Refuse>,
}

/// Makes a handler of the answer to a method that a route does not have, where the route is of an app that is mounted. (That has its
/// middleware, of which no other app has the code.)
pub(super) type Refuse = Rc<dyn Fn(Error) -> Rc<dyn Handler>>;

impl Router {
    pub(super) fn routes(&self) -> impl Iterator<Item = (Option<&Method>, &str)> {
        self.order.iter().filter_map(|(method, index)| {
            Some((method.as_ref(), &*self.routes.get(*index)?.pattern.text))
        })
    }

    /// Has handlers like this one be told, where they have to be.
    pub(super) fn note_settling<H: Handler>(&mut self) {
        if H::settles() {
            self.settle = Some(Self::settle_all);
        }
    }

    /// Tells all handlers the limit of those that have none of their own.
    pub(super) fn settle_all(&self, usual: usize) {
        for route in &self.routes {
            let methods = route.methods.iter().map(|(_, handler)| handler);
            for handler in methods.chain(&route.any) {
                handler.settle(usual);
            }
        }
        if let Some(below) = &self.fallbacks.below {
            below.settle_all(usual);
        }
        if let Some(own) = &self.fallbacks.own {
            own.settle(usual);
        }
    }

    /// All that was added, in its order; and the fallbacks of what is mounted.
    pub(super) fn into_added(self) -> (Vec<Added>, Vec<Added>) {
        let Self {
            routes,
            order,
            fallbacks,
            ..
        } = self;
        let added = order.into_iter().filter_map(|(method, index)| {
            let route = routes.get(index)?;
            let handler = match &method {
                Some(method) => route.own(method),
                None => route.any.as_ref(),
            };
            Some(Added {
                handler: Rc::clone(handler?),
                pattern: route.pattern.text.clone(),
                refuse: route.refuse.clone(),
                method,
            })
        });
        let below = fallbacks.below.map(|below| below.into_added().0);
        (added.collect(), below.unwrap_or_default())
    }

    pub(super) fn add(
        &mut self,
        method: Option<Method>,
        pattern: &str,
        handler: Rc<dyn Handler>,
        refuse: Option<Refuse>,
    ) -> Result<()> {
        let parts = parse(pattern)?;
        let place = self.root.place(&parts);
        let index = *place.get_or_insert(self.routes.len());
        if index == self.routes.len() {
            self.routes.push(Route::new(pattern, &parts, refuse));
        }
        let route = self
            .routes
            .get_mut(index)
            .ok_or_else(|| refused(pattern, "is lost"))?;
        if *route.pattern.text != *pattern {
            let reason = format!(
                "is the same as \"{}\", with other names",
                route.pattern.text
            );
            return Err(refused(pattern, &reason));
        }
        if !route.set(method.clone(), handler) {
            let name = method.as_ref().map_or("any method", Method::as_str);
            return Err(refused(
                pattern,
                &format!("has a handler for {name} already"),
            ));
        }
        self.order.push((method, index));
        Ok(())
    }

    /// Finds the handler of a request, and stores the path parameters in the request.
    pub(super) fn find(&self, req: &mut Request) -> Result<Rc<dyn Handler>> {
        let path = req.uri().path();
        let mut spans = Vec::new();
        let found = match path.strip_prefix('/') {
            Some(rest) => self.root.find(path.len(), Segments::over(rest), &mut spans),
            None => None,
        };
        let Some(route) = found.and_then(|index| self.routes.get(index)) else {
            let find = self.find_fallback;
            let fallback = find.and_then(|find| find(&self.fallbacks, path));
            return fallback.ok_or_else(Error::not_found);
        };
        let handler = match route.handler(req.method()) {
            Ok(handler) => Rc::clone(handler),
            Err(error) => match &route.refuse {
                Some(refuse) => refuse(error),
                None => return Err(error),
            },
        };
        req.set_params(Params::new(Rc::clone(&route.pattern), spans));
        Ok(handler)
    }
}

impl Fallbacks {
    /// Has a handler answer what is at a pattern, where no route matches.
    pub(super) fn add(&mut self, pattern: &str, handler: Rc<dyn Handler>) -> Result<()> {
        let below = self.below.get_or_insert_default();
        below.add(None, pattern, handler, None)
    }

    /// Has a handler answer everything else.
    pub(super) fn set_own(&mut self, handler: Rc<dyn Handler>) -> Result<()> {
        match self.own.replace(handler) {
            None => Ok(()),
            Some(_) => {
                let message = "two fallbacks are for the same paths: leave one of them out";
                Err(Error::new(ErrorKind::Internal, message))
            }
        }
    }

    /// The one for a path. It has no parameters.
    pub(super) fn find(&self, path: &str) -> Option<Rc<dyn Handler>> {
        let below = self.below.as_ref().and_then(|below| {
            let rest = Segments::over(path.strip_prefix('/')?);
            let index = below.root.find(path.len(), rest, &mut Vec::new())?;
            below.routes.get(index)?.any.clone()
        });
        below.or_else(|| self.own.clone())
    }
}

impl Node {
    /// The slot for the index of the route with these parts.
    fn place(&mut self, parts: &[Part<'_>]) -> &mut Option<usize> {
        match parts.split_first() {
            None => &mut self.end,
            Some((Part::Rest(_), _)) => &mut self.rest,
            Some((Part::Name(_), parts)) => self.name.get_or_insert_default().place(parts),
            Some((Part::Literal(text), parts)) => self.literal(text).place(parts),
        }
    }

    fn literal(&mut self, text: &str) -> &mut Self {
        let known = self.literals.iter().position(|(held, _)| **held == *text);
        let index = known.unwrap_or_else(|| {
            self.literals.push((text.into(), Self::default()));
            self.literals.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed right above")]
        &mut self.literals[index].1
    }

    /// Finds the route for the rest of a path of `length` bytes. The recursion depth is bounded by the tree, whatever
    /// the path.
    fn find(
        &self,
        length: usize,
        path: Segments<'_>,
        spans: &mut Vec<Range<usize>>,
    ) -> Option<usize> {
        let Some(left) = path.rest() else {
            return self.end;
        };
        let start = length - left.len();
        let mut after = path;
        let segment = after.next()?;
        for (text, node) in &self.literals {
            if segment.is(text)
                && let Some(found) = node.find(length, after.clone(), spans)
            {
                return Some(found);
            }
        }
        if let Some(node) = &self.name
            && !segment.raw().is_empty()
        {
            spans.push(start..start + segment.raw().len());
            if let Some(found) = node.find(length, after, spans) {
                return Some(found);
            }
            spans.pop();
        }
        if self.rest.is_some() {
            spans.push(start..length);
        }
        self.rest
    }
}

impl Route {
    fn new(pattern: &str, parts: &[Part<'_>], refuse: Option<Refuse>) -> Self {
        let names = parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Name(name) | Part::Rest(name) => Some((*name).into()),
        });
        let pattern = Pattern {
            text: pattern.into(),
            names: names.collect(),
            has_rest: matches!(parts.last(), Some(Part::Rest(_))),
        };
        Self {
            pattern: Rc::new(pattern),
            methods: Vec::new(),
            any: None,
            refuse,
        }
    }

    /// Returns whether the slot was free.
    fn set(&mut self, method: Option<Method>, handler: Rc<dyn Handler>) -> bool {
        match method {
            None => self.any.replace(handler).is_none(),
            Some(method) if self.own(&method).is_some() => false,
            Some(method) => {
                self.methods.push((method, handler));
                true
            }
        }
    }

    fn own(&self, method: &Method) -> Option<&Rc<dyn Handler>> {
        self.methods
            .iter()
            .find(|(held, _)| held == method)
            .map(|(_, handler)| handler)
    }

    fn handler(&self, method: &Method) -> Result<&Rc<dyn Handler>> {
        let implied = || self.own(&Method::GET).filter(|_| *method == Method::HEAD);
        self.own(method)
            .or_else(implied)
            .or(self.any.as_ref())
            .ok_or_else(|| self.not_allowed())
    }

    /// A 405 with the allowed methods (RFC 9110, section 10.2.1).
    fn not_allowed(&self) -> Error {
        let mut allow: Vec<&str> = Vec::with_capacity(self.methods.len() + 1);
        for (method, _) in &self.methods {
            allow.push(method.as_str());
            if *method == Method::GET && self.own(&Method::HEAD).is_none() {
                allow.push("HEAD");
            }
        }
        let error: Error = ErrorKind::MethodNotAllowed.into();
        error
            .with_header("allow", allow.join(", "))
            .unwrap_or_else(Error::from)
    }
}
