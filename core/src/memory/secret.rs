//! The secrets of a test.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;
use core::future::ready;

use crate::ports::{Called, Secret, SecretValue};

/// Secrets by the names of their ports. One that is set is seen by the next call.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets(Rc<RefCell<BTreeMap<String, SecretValue>>>);

impl Secrets {
    pub(super) fn set(&self, name: &str, value: &str) {
        let value = SecretValue::new(value);
        self.0.borrow_mut().insert(name.to_owned(), value);
    }

    pub(super) fn get(&self, name: &str) -> One {
        One(self.clone(), name.to_owned())
    }
}

pub(super) struct One(Secrets, String);

impl Secret for One {
    fn get(&self) -> Called<Option<SecretValue>> {
        let Self(Secrets(all), name) = self;
        Box::pin(ready(Ok(all.borrow().get(name).cloned())))
    }
}
