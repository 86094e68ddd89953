//! Other functions, by `wasi:http/client`: the interface of `guru:ports` says where. A function that calls none imports neither.

use std::pin::Pin;
use std::rc::Rc;

use guru_core::Response;
use guru_core::ports::{self, Error, ErrorKind, FetchRequest};
use guru_wit::invoke::{self as interface, ErrorKind as Kind};

use crate::fetch;

/// The function of this name.
#[must_use]
pub fn invoke(name: &'static str) -> Rc<dyn ports::Invoke> {
    Rc::new(Invoke(name))
}

struct Invoke(&'static str);

impl ports::Invoke for Invoke {
    fn invoke(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        let said = interface::authority(self.0.to_owned());
        Box::pin(async move {
            let authority = said.await.map_err(|interface::Error { kind, message }| {
                let kind = match kind {
                    Kind::Unavailable => ErrorKind::Unavailable,
                    Kind::Denied => ErrorKind::Denied,
                    Kind::Other => ErrorKind::Other,
                };
                Error::new(kind, message)
            })?;
            fetch::send(request, &authority).await
        })
    }
}
