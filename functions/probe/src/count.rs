//! `/count`: how many requests this instance has had, the state that an app keeps in memory. It must
//! not know how long an instance lives.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::ready;
use std::rc::Rc;

use guru::Middleware;
use guru::app::LocalFuture;
use guru::prelude::*;

use crate::plain;

/// How many marks are remembered; the oldest goes. A client must not be able to fill the memory.
const MARKS: usize = 64;

/// How long a mark may be; a longer one is not remembered.
const MARK_BYTES: usize = 64;

/// What the requests of this instance have left behind: a count, and the marks (`?mark=`) that they
/// bore.
#[derive(Default)]
pub(crate) struct Count {
    all: Cell<u64>,
    marks: RefCell<VecDeque<String>>,
}

impl Count {
    /// Counts a request before anything else happens to it, one whose handler will crash too.
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

    /// How many of the requests bore the mark that `?of=` names; without it, how many there were.
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

/// Has every request counted, whatever becomes of it, and routes `/count`.
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
