//! The other functions of a test.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::cell::RefCell;
use core::pin::Pin;

use super::data::Data;
use super::fetch::Origins;
use crate::app::Service;
use crate::http::Response;
use crate::ports::{Error, ErrorKind, FetchRequest, Invoke, Ports};

/// Functions by the names of their ports. One that is set is seen by the next call.
///
/// A function has the clock of the one that is tested, a log and random bytes of its own, no settings, stores of its own with nothing in
/// them, the same origins to fetch from, and the same functions to call.
#[derive(Clone, Debug)]
pub(super) struct Functions(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    origins: Origins,
    held: RefCell<BTreeMap<String, Held>>,
}

#[derive(Clone, Debug)]
enum Held {
    Served(Service, Rc<Ports>),
    Failing(ErrorKind),
}

impl Functions {
    pub(super) fn new(origins: Origins) -> Self {
        Self(Rc::new(Inner {
            origins,
            held: RefCell::default(),
        }))
    }

    pub(super) fn set(&self, name: &str, service: Service) {
        let origins = &self.0.origins;
        let data = Data::new(origins.clock());
        // They hold it, and it not them.
        let functions = Rc::downgrade(&self.0);
        let ports = data.given(origins.ports(), move |name| {
            One(Weak::clone(&functions), name.to_owned())
        });
        self.hold(name, Held::Served(service, Rc::new(ports)));
    }

    pub(super) fn fail(&self, name: &str, kind: ErrorKind) {
        self.hold(name, Held::Failing(kind));
    }

    fn hold(&self, name: &str, held: Held) {
        self.0.held.borrow_mut().insert(name.to_owned(), held);
    }

    pub(super) fn get(&self, name: &str) -> One {
        One(Rc::downgrade(&self.0), name.to_owned())
    }
}

/// One of them, as long as the client is there.
pub(super) struct One(Weak<Inner>, String);

impl Invoke for One {
    fn invoke(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        let functions = self.0.upgrade();
        let name = self.1.clone();
        Box::pin(async move {
            let held = functions.as_ref().and_then(|functions| {
                let held = functions.held.borrow();
                held.get(&name).cloned()
            });
            match (held, functions) {
                (Some(Held::Served(service, ports)), Some(functions)) => {
                    let origins = &functions.origins;
                    let cx = origins.context_with(ports);
                    Ok(origins.answer(service, cx, request).await)
                }
                (Some(Held::Failing(kind)), _) => {
                    let message = format!("the function `{name}` fails, as the test says");
                    Err(Error::new(kind, message))
                }
                _ => Err(Error::new(
                    ErrorKind::Unavailable,
                    format!(
                        "there is no function `{name}` in memory: add it to the client with function"
                    ),
                )),
            }
        })
    }
}
