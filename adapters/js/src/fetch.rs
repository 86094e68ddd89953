//! Outbound HTTP, by the host's `fetch`. Head, chunks and errors come back by the number of the call.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_core::http::{self, Chunks};
use guru_core::ports::{self, Error, ErrorKind, FetchRequest};
use guru_core::{Body, Response, Status};
use wasm_bindgen::prelude::*;

use crate::calls::{Call, Reply};
use crate::convert;

/// Outbound HTTP, for a function that declares it.
#[doc(hidden)]
#[must_use]
pub fn fetch() -> Rc<dyn ports::Fetch> {
    Rc::new(Fetch)
}

/// The host's part, which is there only in a worker whose function fetches: `fetch.js`.
#[wasm_bindgen]
extern "C" {
    /// Sends a request, to the binding of this name or else to the server of its URL. Its content is `content`, or else a stream of
    /// this size (negative: unknown), or nothing (NaN).
    #[wasm_bindgen(js_namespace = host, js_name = "fetch")]
    fn fetch_by_host(
        number: u32,
        method: &str,
        url: &str,
        fields: &str,
        content: Option<&[u8]>,
        size: f64,
        name: Option<&str>,
    );

    /// Sends a chunk of the request's content, and says `READY` once there is room for the next.
    #[wasm_bindgen(js_namespace = host)]
    fn upload(number: u32, chunk: &[u8]);

    /// Ends the request's content, or breaks it off.
    #[wasm_bindgen(js_namespace = host)]
    fn finish(number: u32, is_broken: bool);

    /// Reads on in the answer.
    #[wasm_bindgen(js_namespace = host)]
    fn download(number: u32);

    /// Passes on what is left of the answer, each chunk of which has so many milliseconds to come, if there is room for that.
    #[wasm_bindgen(js_namespace = host)]
    fn release(number: u32, pause: f64) -> bool;

    /// Cancels whatever is left of the call.
    #[wasm_bindgen(js_namespace = host)]
    fn abandon(number: u32);
}

/// What the host says of a call, in its numbering: `HEAD` with status, header fields and the content's size, `CHUNK`,
/// `END`, `READY` for the next chunk of the request's content, and from `FAILED` on the kinds of errors, each with a reason.
const HEAD: u8 = 0;
const CHUNK: u8 = 1;
const END: u8 = 2;
const READY: u8 = 3;
const FAILED: u8 = 4;

/// A call in flight. Dropping it cancels it.
struct Flight(Call);

impl Flight {
    fn number(&self) -> u32 {
        self.0.0
    }

    /// Takes what came of this kind, or the failure of the call, which is everybody's.
    fn poll(&self, cx: &mut Context<'_>, what: &[u8]) -> Poll<Result<Reply, (u8, String)>> {
        self.0.poll(cx, |replies| {
            if let Some(at) = replies.iter().position(|reply| what.contains(&reply.what)) {
                return Some(Ok(replies.remove(at)));
            }
            let failed = replies.iter().find(|reply| reply.what >= FAILED)?;
            Some(Err((failed.what, failed.text.clone())))
        })
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        abandon(self.number());
    }
}

fn kind(failed: u8) -> ErrorKind {
    match failed - FAILED {
        0 => ErrorKind::Invalid,
        1 => ErrorKind::Dns,
        2 => ErrorKind::Connect,
        3 => ErrorKind::Tls,
        4 => ErrorKind::Broken,
        6 => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

struct Fetch;

impl ports::Fetch for Fetch {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        Box::pin(send(request, None))
    }
}

/// Sends a request, to the binding of this name or else to the server of its URL.
pub(crate) async fn send(mut request: FetchRequest, name: Option<&str>) -> Result<Response, Error> {
    let call = Rc::new(Flight(Call::new()));
    let number = call.number();
    let body = request.take_body();
    let (size, is_empty) = (body.size(), body.is_empty());
    let mut fields = String::new();
    convert::write(&mut fields, request.headers());
    let method = request.method().as_str();
    let url = request.url().to_string();
    let mut upload = None;
    match body.into_bytes() {
        _ if is_empty => fetch_by_host(number, method, &url, &fields, None, f64::NAN, name),
        Ok(bytes) => fetch_by_host(number, method, &url, &fields, Some(&bytes), f64::NAN, name),
        Err(body) => {
            fetch_by_host(
                number,
                method,
                &url,
                &fields,
                None,
                convert::size(size),
                name,
            );
            upload = Some(Upload {
                call: Rc::clone(&call),
                body,
                is_sent: false,
            });
        }
    }
    let head = poll_fn(|cx| {
        progress(&mut upload, cx);
        call.poll(cx, &[HEAD])
    });
    let head = head.await.map_err(|(failed, why)| {
        let host = request.url().authority();
        Error::new(kind(failed), format!("{host} did not answer: {why}"))
    })?;
    let size = head.size;
    let mut response = Response::new(Status::new(head.status));
    let mut lines = head.text.split('\n');
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        // The host has read them. One that HTTP does not have is left out.
        let _ = response.headers_mut().append(name, value);
    }
    if size == 0.0 {
        return Ok(response);
    }
    let answer = Answer {
        call,
        upload,
        is_asked: false,
    };
    Ok(response.with_body(convert::sized(size, answer)))
}

/// The content of a request, which goes on while the answer comes.
struct Upload {
    call: Rc<Flight>,
    body: Body,
    is_sent: bool,
}

impl Upload {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.is_sent {
                // Of a call that has failed, whoever waits for its answer says so.
                let Poll::Ready(Ok(_)) = self.call.poll(cx, &[READY]) else {
                    return Poll::Pending;
                };
                self.is_sent = false;
            }
            let Poll::Ready(made) = self.body.poll_chunk(cx) else {
                return Poll::Pending;
            };
            let Some(Ok(chunk)) = made else {
                finish(self.call.number(), made.is_some());
                return Poll::Ready(());
            };
            upload(self.call.number(), &chunk);
            self.is_sent = true;
        }
    }
}

fn progress(upload: &mut Option<Upload>, cx: &mut Context<'_>) {
    if upload
        .as_mut()
        .is_some_and(|upload| upload.poll(cx).is_ready())
    {
        *upload = None;
    }
}

/// The content of an answer.
struct Answer {
    call: Rc<Flight>,
    upload: Option<Upload>,
    is_asked: bool,
}

impl Chunks for Answer {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        progress(&mut self.upload, cx);
        if !self.is_asked {
            self.is_asked = true;
            download(self.call.number());
        }
        let Poll::Ready(came) = self.call.poll(cx, &[CHUNK, END]) else {
            return Poll::Pending;
        };
        Poll::Ready(match came {
            Ok(Reply { bytes, .. }) => bytes.map(|chunk| {
                self.is_asked = false;
                Ok(chunk.into())
            }),
            Err((_, why)) => Some(Err(http::Error::broken(why))),
        })
    }

    fn release(self: Pin<&mut Self>, pause: Duration) -> bool {
        let is_idle = !self.is_asked && self.upload.is_none();
        is_idle && release(self.call.number(), pause.as_secs_f64() * 1000.0)
    }
}
