//! Secrets, by the interface of `guru:ports`. A function that has none does not import it.

use std::rc::Rc;

use guru_core::ports::{self, Called, Error, ErrorKind, SecretValue};
use guru_wit::secret::{self as interface, ErrorKind as Kind};

/// The secret of this name.
#[must_use]
pub fn secret(name: &'static str) -> Rc<dyn ports::Secret> {
    Rc::new(Secret(name))
}

struct Secret(&'static str);

impl ports::Secret for Secret {
    fn get(&self) -> Called<Option<SecretValue>> {
        let called = interface::get(self.0.to_owned());
        Box::pin(async move {
            match called.await {
                Ok(value) => Ok(value.map(SecretValue::new)),
                Err(interface::Error { kind, message }) => {
                    let kind = match kind {
                        Kind::Unavailable => ErrorKind::Unavailable,
                        Kind::Denied => ErrorKind::Denied,
                        Kind::Corrupt => ErrorKind::Corrupt,
                        Kind::Other => ErrorKind::Other,
                    };
                    Err(Error::new(kind, message))
                }
            }
        })
    }
}
