//! Values of a request and of its app, by their types.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::any::{Any, type_name};
use core::cell::{OnceCell, RefCell};
use core::iter::successors;

use super::shape::Shape;
use super::{Context, Error, ErrorKind, Result};
use crate::http::Response;

/// What an app has for all its requests. An app without state has no code for it: what makes and reads it is behind this.
pub(super) trait Shared {
    /// What a request has of it.
    fn begin(self: Rc<Self>) -> Box<dyn OfRequest>;

    fn state(self: Rc<Self>) -> Rc<State>;

    fn state_mut(&mut self) -> &mut State;
}

/// What a request has beside what all have.
pub(super) trait OfRequest {
    fn values(&self) -> &Values;

    /// The answer to an error, where an app has a say in it.
    fn answer(&self, error: &Error, cx: &Context) -> Option<Response>;
}

/// What an app was given for its handlers to share, one value of each type.
#[derive(Default)]
pub(super) struct State {
    values: Vec<Rc<dyn Any>>,
    /// What makes answers to errors.
    pub(super) shape: Option<Shape>,
}

impl State {
    /// Puts a value in, in place of one of its type.
    pub(super) fn set<T: 'static>(&mut self, value: T) {
        self.values.retain(|held| !held.is::<T>());
        self.values.push(Rc::new(value));
    }

    fn get<T: 'static>(&self) -> Option<&T> {
        self.values.iter().find_map(|value| value.downcast_ref())
    }

    fn shared<T: 'static>(&self) -> Option<Rc<T>> {
        let mut values = self.values.iter();
        values.find_map(|value| Rc::clone(value).downcast().ok())
    }

    /// That of an app, which nobody else has yet.
    pub(super) fn of(app: &mut Option<Rc<dyn Shared>>) -> Option<&mut Self> {
        let shared = app.get_or_insert_with(|| Rc::new(Self::default()));
        Rc::get_mut(shared).map(Shared::state_mut)
    }
}

impl Shared for State {
    fn begin(self: Rc<Self>) -> Box<dyn OfRequest> {
        let values = Values::default();
        values.enter(self);
        Box::new(values)
    }

    fn state(self: Rc<Self>) -> Rc<State> {
        self
    }

    fn state_mut(&mut self) -> &mut State {
        self
    }
}

/// The values of a request, and the state of the apps that it has come to.
#[derive(Default)]
pub(super) struct Values {
    shape: RefCell<Option<Shape>>,
    first: OnceCell<Box<Entry>>,
}

impl OfRequest for Values {
    fn values(&self) -> &Self {
        self
    }

    fn answer(&self, error: &Error, cx: &Context) -> Option<Response> {
        let shape = self.shape.borrow().clone();
        shape.map(|shape| shape(error, cx))
    }
}

/// A value that stays where it is for as long as the context, so that it can be lent. The last one of a type counts.
struct Entry {
    value: Box<dyn Any>,
    next: OnceCell<Box<Self>>,
}

impl Drop for Values {
    /// One after the other: a chain that drops itself is as deep as it is long.
    fn drop(&mut self) {
        let mut next = self.first.take();
        while let Some(mut entry) = next {
            next = entry.next.take();
        }
    }
}

impl Values {
    /// Adds the state of an app to that of those around it.
    pub(super) fn enter(&self, state: Rc<State>) {
        if state.shape.is_some() {
            self.shape.replace(state.shape.clone());
        }
        self.add(Box::new(state));
    }

    fn all(&self) -> impl Iterator<Item = &dyn Any> {
        let entries = successors(self.first.get(), |entry| entry.next.get());
        entries.map(|entry| &*entry.value)
    }

    /// The state of the apps, the innermost last.
    fn states(&self) -> impl Iterator<Item = &Rc<State>> {
        self.all().filter_map(|value| value.downcast_ref())
    }

    /// The state of a type that the innermost app has.
    fn state<T: 'static>(&self) -> Option<&T> {
        self.states().filter_map(|state| state.get()).last()
    }

    fn add(&self, value: Box<dyn Any>) {
        let next = OnceCell::new();
        let mut entry = Box::new(Entry { value, next });
        let mut end = &self.first;
        while let Err(rejected) = end.set(entry) {
            entry = rejected;
            match end.get() {
                Some(held) => end = &held.next,
                // One that takes nothing holds something.
                None => return,
            }
        }
    }

    fn last<T: 'static>(&self) -> Option<&T> {
        let found = self.all().filter_map(|value| value.downcast_ref());
        found.last()
    }
}

impl Context {
    /// What the app was given by [`App::state`](crate::App::state), of this type: the innermost one of those that are mounted in each
    /// other.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when it was given nothing of this type.
    pub fn state<T: 'static>(&self) -> Result<&T> {
        let found = self.values().and_then(Values::state);
        found.ok_or_else(|| missing(type_name::<T>(), "state", "App::state"))
    }

    /// The same to keep.
    pub(super) fn shared_state<T: 'static>(&self) -> Result<Rc<T>> {
        let states = self.values().into_iter().flat_map(Values::states);
        let found = states.filter_map(|state| state.shared()).last();
        found.ok_or_else(|| missing(type_name::<T>(), "state", "App::state"))
    }

    /// A value of this type that a middleware has [put](Self::set) into this request's context.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when there is none: the middleware is not around this route. [`find`](Self::find) is for a value that
    /// may be there.
    pub fn get<T: 'static>(&self) -> Result<&T> {
        let found = self.find();
        found.ok_or_else(|| missing(type_name::<T>(), "value", "Context::set"))
    }

    /// The value of this type that a middleware has [put](Self::set) into this request's context, if one has.
    #[must_use]
    pub fn find<T: 'static>(&self) -> Option<&T> {
        self.values()?.last()
    }

    /// Puts a value into this request's context, for what comes after: a middleware's way to hand a user to a handler. It hides one of
    /// its type, which stays as long as the request. A value that holds a context keeps itself alive: it is never freed.
    ///
    /// ```
    /// use guru_core::{App, Context, Next, Request, Response, Result, memory};
    ///
    /// struct User(&'static str);
    ///
    /// async fn signed_in(cx: Context, req: Request, next: Next) -> Result<Response> {
    ///     cx.set(User("Ada"));
    ///     Ok(next.run(cx, req).await)
    /// }
    ///
    /// async fn whoami(cx: Context, _req: Request) -> Result<Response> {
    ///     let User(name) = cx.get()?;
    ///     Ok(Response::text(*name))
    /// }
    ///
    /// let client = memory::Client::new(App::new().with(signed_in).get("/", whoami))?;
    /// assert_eq!(client.get("/").text(), "Ada");
    /// # Ok::<(), guru_core::Error>(())
    /// ```
    pub fn set<T: 'static>(&self, value: T) {
        self.values_or_new().add(Box::new(value));
    }
}

fn missing(name: &str, what: &str, how: &str) -> Error {
    let message = format!("there is no {what} of the type {name}: `{how}` gives one");
    Error::new(ErrorKind::Internal, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_type_counts() {
        let values = Values::default();
        assert_eq!(values.last::<u8>(), None);
        values.add(Box::new(1_u8));
        let first = values.last::<u8>();
        values.add(Box::new("a"));
        values.add(Box::new(2_u8));
        assert_eq!(
            (first, values.last(), values.last()),
            (Some(&1_u8), Some(&2_u8), Some(&"a"))
        );
        assert_eq!(values.last::<u16>(), None);
    }

    #[test]
    fn many_values_are_dropped_one_after_the_other() {
        let values = Values::default();
        for number in 0..100_u32 {
            values.add(Box::new(number));
        }
        // As if a handler had set one for each chunk of a long stream: `add` itself goes through all of them.
        let mut last = values.first.get().unwrap();
        while let Some(next) = last.next.get() {
            last = next;
        }
        for number in 0..200_000_u32 {
            let next = OnceCell::new();
            let entry = Box::new(Entry {
                value: Box::new(number),
                next,
            });
            last = last.next.get_or_init(|| entry);
        }
        drop(values);
    }
}
