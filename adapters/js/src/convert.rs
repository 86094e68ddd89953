//! Conversions between the entry module's messages and the core's types.

use std::cell::{Cell, RefCell};
use std::mem;
use std::net::IpAddr;

use guru_core::http::Chunks;
use guru_core::{Body, Error, Headers, Method, Request, Response, Uri, adapter};

use crate::{call, host};

thread_local! {
    /// The generation counter of the instance, advanced by each response: the host holds the headers of one request
    /// at a time, and a request that was kept beyond its response must not read those of another.
    static TURN: Cell<u32> = const { Cell::new(0) };

    /// The last response, whose status and header fields the host has kept. Most responses repeat them, and for the
    /// host, reading a string out of the instance's memory costs more than comparing it costs here.
    static LAST: RefCell<Last> = const { RefCell::new(Last { status: 0, fields: String::new(), scratch: String::new() }) };
}

struct Last {
    status: u16,
    fields: String,
    /// A buffer for the fields of the next one.
    scratch: String,
}

/// The largest content that is passed as a string. The host copies a string twice, and bytes once.
const TEXT: usize = 4096;

/// The request that the instance has, for what must not outlive it.
#[derive(Clone, Copy)]
pub(crate) struct Turn(u32);

impl Turn {
    pub(crate) fn now() -> Self {
        Self(TURN.get())
    }

    pub(crate) fn is_current(self) -> bool {
        TURN.get() == self.0
    }
}

/// The head of a request as the entry module writes it: one line each for the id, the client's address, the method
/// and the URL. The platform has validated them, and none can contain a line break.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) id: &'a str,
    client_ip: &'a str,
    method: &'a str,
    url: &'a str,
}

impl<'a> Head<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let mut lines = text.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        Self {
            id: next(),
            client_ip: next(),
            method: next(),
            url: next(),
        }
    }

    pub(crate) fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip.parse().ok()
    }

    pub(crate) fn method(&self) -> Method {
        Method::parse(self.method.as_bytes()).unwrap_or(Method::GET)
    }

    /// The request, still without a body.
    pub(crate) fn request(&self, method: &Method) -> Result<Request, Error> {
        let uri = target(self.url).map_err(adapter::malformed)?;
        let turn = Turn::now();
        let read = move || {
            if turn.is_current() {
                headers()
            } else {
                Headers::new()
            }
        };
        Ok(Request::new(method.clone(), uri).with_headers_from(read))
    }
}

/// Iterating over the headers of a `Request` takes longer than the rest of a small request, so they are read on first
/// access. The platform lets control characters in a value pass, although they are invalid (RFC 9110, section 5.5).
/// Such a request ends there, before the function acts on a header that differs from what was sent.
fn headers() -> Headers {
    let text = host::fields();
    let mut headers = Headers::with_capacity(16, 256, text.len());
    let mut lines = text.split('\n');
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        if let Err(error) = headers.append(name, value) {
            host::refuse(&error.to_string());
        }
    }
    headers
}

/// The path and query of a URL as they are written: a URL object would normalize them.
fn target(url: &str) -> Result<Uri, guru_core::http::Error> {
    let position = |from: usize, stop: fn(u8) -> bool| {
        let rest = url.as_bytes().get(from..).unwrap_or_default();
        let found = rest.iter().position(|byte| stop(*byte));
        found.map_or(url.len(), |index| from + index)
    };
    // After the `://` of a URL, the only colon before its path is that of the port.
    let authority = position(0, |byte| byte == b':') + "://".len();
    let start = position(authority, |byte| matches!(byte, b'/' | b'?' | b'#'));
    let end = position(start, |byte| byte == b'#');
    let target = url.get(start..end).unwrap_or_default();
    if target.starts_with('/') {
        Uri::parse(target)
    } else {
        Uri::parse(format!("/{target}"))
    }
}

/// Gives the host an answer. A stream is kept here, for the host to pull at.
pub(crate) fn response(response: Response) {
    let (status, headers, body) = response.into_parts();
    let status = status.as_u16();
    let is_whole = !body.is_stream();
    LAST.with_borrow_mut(|last| {
        write(&mut last.scratch, &headers);
        let is_same = last.status == status && last.fields == last.scratch;
        let changed = (!is_same).then_some(&*last.scratch);
        let size = body.size();
        match body.into_bytes() {
            Ok(bytes) => {
                // A text without a type would get one from the platform.
                let is_text = bytes.len() <= TEXT
                    && headers.get("content-type").is_some()
                    && std::str::from_utf8(&bytes).is_ok();
                host::answer(status, changed, &bytes, is_text);
            }
            Err(stream) => {
                host::stream(status, changed, self::size(size));
                call::keep(stream);
            }
        }
        last.status = status;
        mem::swap(&mut last.fields, &mut last.scratch);
    });
    if is_whole {
        call::after();
    }
}

/// The size of a stream, as the host has it: negative where it is not known.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact up to 2^53, which is 8 PiB"
)]
pub(crate) fn size(size: Option<u64>) -> f64 {
    size.map_or(-1.0, |size| size as f64)
}

/// A stream from the host, of a size as it has it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float's conversion saturates"
)]
pub(crate) fn sized(size: f64, chunks: impl Chunks + 'static) -> Body {
    if size < 0.0 {
        Body::stream(chunks)
    } else {
        Body::sized_stream(size as u64, chunks)
    }
}

/// Another request begins: whoever keeps the one before reads no headers of it.
pub(crate) fn turn() {
    TURN.set(TURN.get().wrapping_add(1));
}

/// Writes header fields as alternating lines of names and values.
pub(crate) fn write(out: &mut String, headers: &Headers) {
    out.clear();
    for (name, value) in headers.iter() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(name);
        out.push('\n');
        text(out, value);
    }
}

/// Writes a field value as the string that the platform encodes in UTF-8. A value that is not UTF-8 is read as
/// Latin-1, HTTP's former encoding: the characters arrive, but as other bytes.
fn text(out: &mut String, value: &[u8]) {
    match std::str::from_utf8(value) {
        Ok(text) => out.push_str(text),
        Err(_) => out.extend(value.iter().map(|byte| char::from(*byte))),
    }
}
