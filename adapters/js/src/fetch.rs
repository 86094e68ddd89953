//! Outbound HTTP, by the host's `fetch`. Head, chunks and errors come back by the number of the call.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use guru_core::http::{self, Chunks};
use guru_core::ports::{self, Error, ErrorKind, FetchRequest};
use guru_core::{Body, Response, Status};
use wasm_bindgen::prelude::*;

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
    /// Sends a request. Its content is `content`, or else a stream of this size (negative: unknown), or nothing (NaN).
    #[wasm_bindgen(js_namespace = host, js_name = "fetch")]
    fn fetch_by_host(
        number: u32,
        method: &str,
        url: &str,
        fields: &str,
        content: Option<&[u8]>,
        size: f64,
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

/// The head of an answer as the host hands it over: status, header fields as alternating lines of names and values, and the
/// size of the content, which is negative where it is not known.
type Head = (u16, String, f64);

/// What came for a call, and who waits for it. Chunks of the request's content and of the answer pass at the same time.
#[derive(Default)]
struct Slot {
    head: Option<Result<Head, Error>>,
    chunk: Option<Option<Result<Bytes, http::Error>>>,
    is_ready: bool,
    waker: Option<Waker>,
}

thread_local! {
    /// The calls in flight. A list that is searched: one request has few of them.
    static CALLS: RefCell<Vec<(u32, Slot)>> = const { RefCell::new(Vec::new()) };

    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// Something came for a call, unless that was given up: which of these count, is said by `what`.
#[doc(hidden)]
pub fn answered(
    number: u32,
    what: u8,
    status: u16,
    size: f64,
    text: String,
    bytes: Option<Vec<u8>>,
) {
    let waker = CALLS.with_borrow_mut(|calls| {
        let slot = &mut calls.iter_mut().find(|(of, _)| *of == number)?.1;
        match what {
            HEAD => slot.head = Some(Ok((status, text, size))),
            CHUNK => slot.chunk = Some(bytes.map(|chunk| Ok(chunk.into()))),
            END => slot.chunk = Some(None),
            READY => slot.is_ready = true,
            failed => {
                slot.chunk = Some(Some(Err(http::Error::broken(&*text))));
                slot.head = Some(Err(Error::new(kind(failed), text)));
                slot.is_ready = true;
            }
        }
        slot.waker.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn kind(failed: u8) -> ErrorKind {
    match failed - FAILED {
        0 => ErrorKind::Invalid,
        1 => ErrorKind::Dns,
        2 => ErrorKind::Connect,
        3 => ErrorKind::Tls,
        4 => ErrorKind::Broken,
        _ => ErrorKind::Other,
    }
}

/// A call in flight. Dropping it cancels it.
struct Call(u32);

impl Call {
    fn new() -> Self {
        let number = NEXT.replace(NEXT.get().wrapping_add(1));
        CALLS.with_borrow_mut(|calls| calls.push((number, Slot::default())));
        Self(number)
    }

    /// Takes something that came, or waits for it.
    fn poll<T>(&self, cx: &mut Context<'_>, take: impl FnOnce(&mut Slot) -> Option<T>) -> Poll<T> {
        CALLS.with_borrow_mut(|calls| {
            let slot = calls.iter_mut().find(|(of, _)| *of == self.0);
            let Some((_, slot)) = slot else {
                return Poll::Pending;
            };
            slot.waker = Some(cx.waker().clone());
            take(slot).map_or(Poll::Pending, Poll::Ready)
        })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        CALLS.with_borrow_mut(|calls| calls.retain(|(of, _)| *of != self.0));
        abandon(self.0);
    }
}

struct Fetch;

impl ports::Fetch for Fetch {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        Box::pin(send(request))
    }
}

async fn send(mut request: FetchRequest) -> Result<Response, Error> {
    let call = Rc::new(Call::new());
    let body = request.take_body();
    let (size, is_empty) = (body.size(), body.is_empty());
    let mut fields = String::new();
    convert::write(&mut fields, request.headers());
    let method = request.method().as_str();
    let url = request.url().to_string();
    let mut upload = None;
    match body.into_bytes() {
        _ if is_empty => fetch_by_host(call.0, method, &url, &fields, None, f64::NAN),
        Ok(bytes) => fetch_by_host(call.0, method, &url, &fields, Some(&bytes), f64::NAN),
        Err(body) => {
            fetch_by_host(call.0, method, &url, &fields, None, convert::size(size));
            upload = Some(Upload {
                call: Rc::clone(&call),
                body,
                is_sent: false,
            });
        }
    }
    let head = poll_fn(|cx| {
        progress(&mut upload, cx);
        call.poll(cx, |slot| slot.head.take())
    });
    let (status, fields, size) = head.await.map_err(|error| {
        let host = request.url().authority();
        Error::new(error.kind(), format!("{host} did not answer: {error}"))
    })?;
    let mut response = Response::new(Status::new(status));
    let mut lines = fields.split('\n');
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
    call: Rc<Call>,
    body: Body,
    is_sent: bool,
}

impl Upload {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.is_sent {
                let ready = self
                    .call
                    .poll(cx, |slot| std::mem::take(&mut slot.is_ready).then_some(()));
                if ready.is_pending() {
                    return Poll::Pending;
                }
                self.is_sent = false;
            }
            let Poll::Ready(made) = self.body.poll_chunk(cx) else {
                return Poll::Pending;
            };
            let Some(Ok(chunk)) = made else {
                finish(self.call.0, made.is_some());
                return Poll::Ready(());
            };
            upload(self.call.0, &chunk);
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
    call: Rc<Call>,
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
            download(self.call.0);
        }
        let chunk = self.call.poll(cx, |slot| slot.chunk.take());
        if let Poll::Ready(Some(Ok(_))) = &chunk {
            self.is_asked = false;
        }
        chunk
    }

    fn release(self: Pin<&mut Self>, pause: Duration) -> bool {
        let is_idle = !self.is_asked && self.upload.is_none();
        is_idle && release(self.call.0, pause.as_secs_f64() * 1000.0)
    }
}
