//! Secrets: environment variables, by their names in capitals.

use std::env::{self, VarError};
use std::future::ready;
use std::rc::Rc;

use guru_core::ports::{self, Called, Error, ErrorKind, SecretValue, secret_variable};

/// The secret of this name.
#[doc(hidden)]
#[must_use]
pub fn secret(name: &'static str) -> Rc<dyn ports::Secret> {
    Rc::new(Variable(secret_variable(name)))
}

struct Variable(String);

impl ports::Secret for Variable {
    fn get(&self) -> Called<Option<SecretValue>> {
        Box::pin(ready(match env::var(&self.0) {
            Ok(value) => Ok(Some(SecretValue::new(value))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(Error::new(
                ErrorKind::Corrupt,
                format!("the environment variable {} is not UTF-8", self.0),
            )),
        }))
    }
}
