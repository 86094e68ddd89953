//! The port of another function, over the pooled client: at the URL that a setting names.

use std::pin::Pin;
use std::rc::Rc;

use guru_client::Client;
use guru_core::http::convert;
use guru_core::ports::{self, Error, ErrorKind, FetchRequest};
use guru_core::{Response, Status};
use guru_services::{Answer, Function};

use crate::fetch::{received, sent};
use crate::stores;

/// The function of this name. Its connections live on the runtime of the worker that opened them, as those of
/// [`fetch`](crate::fetch()) do.
#[doc(hidden)]
#[must_use]
pub fn invoke(name: &'static str) -> Rc<dyn ports::Invoke> {
    Rc::new(Invoke {
        function: stores::function(name),
        client: Client::new(),
    })
}

struct Invoke {
    function: Function,
    client: Client,
}

impl ports::Invoke for Invoke {
    fn invoke(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        let (function, client) = (self.function.clone(), self.client.clone());
        Box::pin(async move {
            let (answer, sending) = sent(request, |head| function.send(client, head)).await?;
            match answer {
                Answer::Coming(answer) => received(answer, sending),
                Answer::Whole(answer) => {
                    let (head, body) = answer.into_parts();
                    let headers = convert::headers(&head.headers)
                        .map_err(|error| Error::new(ErrorKind::Broken, error.to_string()))?;
                    let answer = Response::new(Status::new(head.status.as_u16()));
                    Ok(answer.with_headers(headers).with_body(body))
                }
            }
        })
    }
}
