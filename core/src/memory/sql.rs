//! The databases of a test: those that it brings.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::future::ready;

use crate::ports::{Called, Error, ErrorKind, Rows, Sql, Statement};

/// Databases by their names. Core has none of its own: SQL is what a database makes of it.
#[derive(Default)]
pub(super) struct Databases(RefCell<Vec<(String, Rc<dyn Sql>)>>);

impl Databases {
    pub(super) fn set(&self, name: &str, database: Rc<dyn Sql>) {
        self.0.borrow_mut().push((name.to_owned(), database));
    }

    /// The database of this name, the last one that was set; else one whose calls fail.
    pub(super) fn get(&self, name: &str) -> Rc<dyn Sql> {
        let all = self.0.borrow();
        let found = all.iter().rev().find(|(of, _)| of == name);
        found.map_or_else(
            || Rc::new(Missing(name.to_owned())) as Rc<dyn Sql>,
            |(_, database)| Rc::clone(database),
        )
    }
}

impl fmt::Debug for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Databases").finish_non_exhaustive()
    }
}

/// A database that the test has not brought.
struct Missing(String);

impl Sql for Missing {
    fn batch(&self, _: Vec<Statement>) -> Called<Vec<Rows>> {
        let name = &self.0;
        let message = format!(
            "this test has no database `{name}`: give the client one, `.database(\"{name}\", guru::testing::sqlite())`"
        );
        Box::pin(ready(Err(Error::new(ErrorKind::Unavailable, message))))
    }
}
