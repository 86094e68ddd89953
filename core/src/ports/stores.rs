//! The stores that a function has opened, each once.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::{Atomic, Blob, Invoke, KeyValue, Secret, Sql};

/// Opened stores of one kind. A list that is searched: a function has few of them.
type Opened<P> = RefCell<Vec<(&'static str, Rc<P>)>>;

/// Opens a store or a database by its name.
type Open<P> = Box<dyn Fn(&str) -> Rc<P>>;

/// The stores of a function, and where they come from.
#[derive(Default)]
pub(super) struct Stores {
    key_values: Opened<dyn KeyValue>,
    atomics: Opened<dyn Atomic>,
    sqls: Opened<dyn Sql>,
    blobs: Opened<dyn Blob>,
    secrets: Opened<dyn Secret>,
    functions: Opened<dyn Invoke>,
    /// Where all of them come from, unless the target says.
    by: Option<By>,
}

struct By {
    open: Open<dyn Atomic>,
    connect: Open<dyn Sql>,
    blobs: Open<dyn Blob>,
    secrets: Open<dyn Secret>,
    functions: Open<dyn Invoke>,
}

impl Stores {
    pub(super) fn by(
        open: impl Fn(&str) -> Rc<dyn Atomic> + 'static,
        connect: impl Fn(&str) -> Rc<dyn Sql> + 'static,
        blobs: impl Fn(&str) -> Rc<dyn Blob> + 'static,
        secrets: impl Fn(&str) -> Rc<dyn Secret> + 'static,
        functions: impl Fn(&str) -> Rc<dyn Invoke> + 'static,
    ) -> Self {
        let (open, connect, blobs) = (Box::new(open), Box::new(connect), Box::new(blobs));
        let (secrets, functions) = (Box::new(secrets), Box::new(functions));
        Self {
            by: Some(By {
                open,
                connect,
                blobs,
                secrets,
                functions,
            }),
            ..Self::default()
        }
    }

    pub(super) fn key_value_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn KeyValue>,
    ) -> Rc<dyn KeyValue> {
        opened(&self.key_values, name, || match &self.by {
            Some(by) => (by.open)(name),
            None => open(name),
        })
    }

    pub(super) fn atomic_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Atomic>,
    ) -> Rc<dyn Atomic> {
        opened(&self.atomics, name, || match &self.by {
            Some(by) => (by.open)(name),
            None => open(name),
        })
    }

    pub(super) fn sql_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Sql>,
    ) -> Rc<dyn Sql> {
        opened(&self.sqls, name, || match &self.by {
            Some(by) => (by.connect)(name),
            None => open(name),
        })
    }

    pub(super) fn blob_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Blob>,
    ) -> Rc<dyn Blob> {
        opened(&self.blobs, name, || match &self.by {
            Some(by) => (by.blobs)(name),
            None => open(name),
        })
    }

    pub(super) fn secret_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Secret>,
    ) -> Rc<dyn Secret> {
        opened(&self.secrets, name, || match &self.by {
            Some(by) => (by.secrets)(name),
            None => open(name),
        })
    }

    pub(super) fn invoke_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Invoke>,
    ) -> Rc<dyn Invoke> {
        opened(&self.functions, name, || match &self.by {
            Some(by) => (by.functions)(name),
            None => open(name),
        })
    }
}

fn opened<P: ?Sized>(all: &Opened<P>, name: &'static str, open: impl FnOnce() -> Rc<P>) -> Rc<P> {
    let known = all
        .borrow()
        .iter()
        .find(|(of, _)| *of == name)
        .map(|(_, store)| Rc::clone(store));
    known.unwrap_or_else(|| {
        let store = open();
        all.borrow_mut().push((name, Rc::clone(&store)));
        store
    })
}
