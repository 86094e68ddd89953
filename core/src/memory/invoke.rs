//! The other functions of a test.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;
use core::pin::Pin;

use super::fetch::{Answer, Origins};
use crate::http::Response;
use crate::ports::{Error, ErrorKind, FetchRequest, Invoke};

/// Functions by the names of their ports. One that is set is seen by the next call.
#[derive(Clone, Debug)]
pub(super) struct Functions {
    origins: Origins,
    held: Rc<RefCell<BTreeMap<String, Answer>>>,
}

impl Functions {
    /// Functions that have the same clock and origins as the one that is tested.
    pub(super) fn new(origins: Origins) -> Self {
        Self {
            origins,
            held: Rc::default(),
        }
    }

    pub(super) fn set(&self, name: &str, answer: Answer) {
        self.held.borrow_mut().insert(name.to_owned(), answer);
    }

    pub(super) fn get(&self, name: &str) -> One {
        One(self.clone(), name.to_owned())
    }
}

pub(super) struct One(Functions, String);

impl Invoke for One {
    fn invoke(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        let Self(Functions { origins, held }, name) = self;
        let (origins, found) = (origins.clone(), held.borrow().get(name).cloned());
        let name = name.clone();
        Box::pin(async move {
            match found {
                Some(Answer::Served(service)) => Ok(origins.answer(service, request).await),
                Some(Answer::Failed(kind)) => {
                    let message = format!("the function `{name}` fails, as the test says");
                    Err(Error::new(kind, message))
                }
                None => Err(Error::new(
                    ErrorKind::Unavailable,
                    format!(
                        "there is no function `{name}` in memory: add it to the client with function"
                    ),
                )),
            }
        })
    }
}
