//! Secrets: strings among a worker's bindings, by their names in capitals.

use std::future::ready;
use std::rc::Rc;

use guru_core::ports::{self, Called, SecretValue, secret_variable};

use crate::host;

/// The secret of this name.
#[doc(hidden)]
#[must_use]
pub fn secret(name: &'static str) -> Rc<dyn ports::Secret> {
    Rc::new(Binding(name))
}

struct Binding(&'static str);

impl ports::Secret for Binding {
    fn get(&self) -> Called<Option<SecretValue>> {
        let found = host::variable(&secret_variable(self.0));
        Box::pin(ready(Ok(found.map(SecretValue::new))))
    }
}
