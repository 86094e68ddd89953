//! What a function keeps in memory: its stores, databases, blobs and secrets.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;

use super::blob::Blobs;
use super::secret::Secrets;
use super::sql::Databases;
use super::{Clock, KeyValue};
use crate::ports::{Invoke, Ports};

/// What one function keeps. Clones keep the same.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) stores: Rc<Stores>,
    pub(super) databases: Rc<Databases>,
    pub(super) blobs: Rc<Blobs>,
    pub(super) secrets: Secrets,
}

impl Data {
    /// Nothing, by this clock.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            stores: Rc::new(Stores {
                clock,
                opened: RefCell::default(),
            }),
            databases: Rc::default(),
            blobs: Rc::default(),
            secrets: Secrets::default(),
        }
    }

    /// Gives it to a function, with the other ones that it may call.
    pub(super) fn given<F: Invoke + 'static>(
        &self,
        ports: Ports,
        functions: impl Fn(&str) -> F + 'static,
    ) -> Ports {
        let Self {
            stores,
            databases,
            blobs,
            secrets,
        } = self.clone();
        ports.with_stores(
            move |name| Rc::new(stores.get(name)),
            move |name| databases.get(name),
            move |name| Rc::new(blobs.get(name)),
            move |name| Rc::new(secrets.get(name)),
            move |name| Rc::new(functions(name)),
        )
    }
}

/// The stores of an app, made when they are first asked for.
#[derive(Debug)]
pub(super) struct Stores {
    clock: Clock,
    opened: RefCell<BTreeMap<String, KeyValue>>,
}

impl Stores {
    pub(super) fn get(&self, name: &str) -> KeyValue {
        let mut opened = self.opened.borrow_mut();
        let store = opened.entry(name.to_owned());
        store
            .or_insert_with(|| KeyValue::new(self.clock.clone()))
            .clone()
    }
}
