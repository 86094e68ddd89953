//! `/count`: the number of requests to this instance, which is state that an app keeps in memory.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::ready;
use std::rc::Rc;

use guru::Middleware;
use guru::app::LocalFuture;
use guru::prelude::*;

use crate::plain;

/// The number of marks that are kept, dropping the oldest. A client must not be able to exhaust the memory.
const MARKS: usize = 64;

/// The maximum length of a mark; longer ones are ignored.
const MARK_BYTES: usize = 64;

/// The state of this instance: the number of requests, and their marks (`?mark=`).
#[derive(Default)]
pub(crate) struct Count {
    all: Cell<u64>,
    marks: RefCell<VecDeque<String>>,
}

impl Count {
    /// Counts a request before anything else happens to it, even if its handler is going to crash.
    fn add(&self, req: &Request) {
        self.all.set(self.all.get().saturating_add(1));
        if let Some(mark) = value(req, "mark").filter(|mark| mark.len() <= MARK_BYTES) {
            let mut marks = self.marks.borrow_mut();
            if marks.len() == MARKS {
                marks.pop_front();
            }
            marks.push_back(mark);
        }
    }

    /// The number of requests with the mark in `?of=`, or of all requests without one.
    fn answer(&self, req: &Request) -> Response {
        let count = match value(req, "of") {
            Some(mark) => {
                let marks = self.marks.borrow();
                marks
                    .iter()
                    .filter(|other| **other == mark)
                    .count()
                    .to_string()
            }
            None => self.all.get().to_string(),
        };
        plain(count)
    }
}

/// Counts every request, whatever its outcome, and adds the route `/count`.
pub(crate) fn counted(app: App) -> App {
    let count = Rc::new(Count::default());
    app.with(Counting(Rc::clone(&count)))
        .get("/count", move |_cx: Context, req: Request| {
            ready(Ok(count.answer(&req)))
        })
}

struct Counting(Rc<Count>);

impl Middleware for Counting {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        self.0.add(&req);
        Box::pin(async move { Ok(next.run(cx, req).await) })
    }
}

/// The first value of that name in the query.
fn value(req: &Request, name: &str) -> Option<String> {
    let mut pairs = req.uri().pairs();
    let (_, value) = pairs.find(|(other, _)| other == name)?;
    Some(value.into_owned())
}
