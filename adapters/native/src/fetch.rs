//! The port of outbound HTTP, over the pooled client.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_client::{Client, describe};
use guru_core::http::{Chunks, Error, convert};
use guru_core::ports::{self, ErrorKind, FetchRequest};
use guru_core::{Body, Response, Status};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::sending::{Sending, outgoing};

/// The port of outbound HTTP, with a pool of its own: connections live on the runtime of the worker that opened them. It is
/// made when a worker's first handler fetches.
///
/// It is used on a tokio runtime that takes tasks which are not `Send`: a `LocalRuntime`, as each worker has, or a `LocalSet`.
#[doc(hidden)]
#[must_use]
pub fn fetch() -> Rc<dyn ports::Fetch> {
    Rc::new(Fetch(Client::new()))
}

struct Fetch(Client);

impl ports::Fetch for Fetch {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, ports::Error>>>> {
        let client = self.0.clone();
        Box::pin(send(client, request))
    }
}

async fn send(client: Client, request: FetchRequest) -> Result<Response, ports::Error> {
    let (answer, sending) = sent(request, |head| client.send(head)).await?;
    received(answer, sending)
}

/// Sends a request by `send`, and comes back with the head of the answer and with what is still being sent.
pub(crate) async fn sent<A, F: Future<Output = Result<A, ports::Error>>>(
    mut request: FetchRequest,
    send: impl FnOnce(http::Request<guru_client::Body>) -> F,
) -> Result<(A, Option<Sending>), ports::Error> {
    let mut head = head(&request)?;
    let (body, mut sending) = outgoing(request.take_body());
    *head.body_mut() = body;
    let mut answered = pin!(send(head));
    let answer = poll_fn(|cx| {
        if let Some(sending) = &mut sending {
            sending.poll_crash(cx);
        }
        answered.as_mut().poll(cx)
    });
    Ok((answer.await?, sending))
}

/// The head of a request, as hyper sends it.
fn head(request: &FetchRequest) -> Result<http::Request<guru_client::Body>, ports::Error> {
    let method = http::Method::from_bytes(request.method().as_str().as_bytes());
    let uri = http::Uri::try_from(request.url().to_string());
    let (Ok(method), Ok(uri)) = (method, uri) else {
        let host = request.url().authority();
        return Err(invalid(format!(
            "a request of this method, or with this URL, cannot be sent to {host}"
        )));
    };
    let headers = convert::header_map(request.headers());
    let mut head = http::Request::new(guru_client::Body::default());
    *head.headers_mut() = headers.map_err(|error| invalid(error.to_string()))?;
    *head.method_mut() = method;
    *head.uri_mut() = uri;
    Ok(head)
}

fn invalid(message: String) -> ports::Error {
    ports::Error::new(ErrorKind::Invalid, message)
}

pub(crate) fn received(
    answer: http::Response<Incoming>,
    sending: Option<Sending>,
) -> Result<Response, ports::Error> {
    let (head, incoming) = answer.into_parts();
    let headers = convert::headers(&head.headers)
        .map_err(|error| ports::Error::new(ErrorKind::Broken, error.to_string()))?;
    let size = incoming.size_hint().exact();
    let body = if incoming.is_end_stream() {
        // The answer is all there, and dropping what is still being sent cancels it: this server wants no more of it.
        Body::empty()
    } else {
        let arriving = Arriving { incoming, sending };
        match size {
            Some(size) => Body::sized_stream(size, arriving),
            None => Body::stream(arriving),
        }
    };
    let answer = Response::new(Status::new(head.status.as_u16()));
    Ok(answer.with_headers(headers).with_body(body))
}

/// The body of an answer. Dropping it cancels what is still being sent.
struct Arriving {
    incoming: Incoming,
    sending: Option<Sending>,
}

impl Chunks for Arriving {
    fn poll_chunk(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        let this = self.get_mut();
        if let Some(sending) = &mut this.sending {
            sending.poll_crash(cx);
        }
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(cx) else {
                return Poll::Pending;
            };
            match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(Error::broken(describe(&error)))));
                }
                // Trailers are left out, and an empty chunk is none.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(chunk) if !chunk.is_empty() => return Poll::Ready(Some(Ok(chunk))),
                    _ => {}
                },
            }
        }
    }
}
