//! Other functions, by the host's bindings to services: one of the port's name. A call is one of `fetch`, to that binding.

use std::pin::Pin;
use std::rc::Rc;

use guru_core::Response;
use guru_core::ports::{self, Error, FetchRequest};

use crate::fetch;

/// The function of this name.
#[doc(hidden)]
#[must_use]
pub fn invoke(name: &'static str) -> Rc<dyn ports::Invoke> {
    Rc::new(Service(name))
}

struct Service(&'static str);

impl ports::Invoke for Service {
    fn invoke(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        Box::pin(fetch::send(request, Some(self.0)))
    }
}
