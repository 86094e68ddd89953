//! From the entry module's messages to the core's and back. It must not decide what an answer is.

use std::cell::{Cell, RefCell};
use std::mem;
use std::net::IpAddr;

use guru_core::{Body, Error, ErrorKind, Headers, Method, Request, Response, Uri};

use crate::{call, host};

thread_local! {
    /// Counts the answers of the instance: the host has the headers of one request at a time, and a request that somebody
    /// kept beyond its answer must not be given another's.
    static TURN: Cell<u32> = const { Cell::new(0) };

    /// The last answer, of which the host has kept the status and the header fields: most are like the one before, and to
    /// read a text out of the instance's memory costs the host more than to compare it costs here.
    static LAST: RefCell<Last> = const { RefCell::new(Last { status: 0, fields: String::new(), scratch: String::new() }) };
}

struct Last {
    status: u16,
    fields: String,
    /// For the fields of the next one.
    scratch: String,
}

/// The largest content that crosses as a text. The host copies a text twice, and bytes once.
const TEXT: usize = 4096;

/// What became of a request's body, by the numbers that the entry module has for it.
const BROKE: u8 = 1;
const TOO_LARGE: u8 = 2;

/// The head of a request as the entry module writes it: a line for the id, the client's address, the
/// method and the URL each. The platform has checked all of it, and nothing in it can hold a line's end.
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

    /// The request, as yet without a body.
    pub(crate) fn request(&self, method: &Method) -> Result<Request, Error> {
        let refused =
            |error: guru_core::http::Error| Error::new(ErrorKind::BadRequest, error.to_string());
        let uri = target(self.url).map_err(refused)?;
        let turn = TURN.get();
        let read = move || {
            if TURN.get() == turn {
                headers()
            } else {
                Headers::new()
            }
        };
        Ok(Request::new(method.clone(), uri).with_headers_from(read))
    }
}

/// To iterate over the headers of a `Request` takes longer than the rest of a small request, so that they are read when
/// somebody looks. The platform lets control characters in a value pass, which make it none (RFC 9110, section 5.5): such
/// a request ends there, before whoever looked decides by a header that is not what it was.
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

/// The path and query of a URL, as they stand in it: a URL object would rewrite them.
fn target(url: &str) -> Result<Uri, guru_core::http::Error> {
    let position = |from: usize, stop: fn(u8) -> bool| {
        let rest = url.as_bytes().get(from..).unwrap_or_default();
        let found = rest.iter().position(|byte| stop(*byte));
        found.map_or(url.len(), |index| from + index)
    };
    // Behind the `://` of a URL there is no other colon before its path but that of a port.
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

/// A body as the entry module hands it over.
pub(crate) fn body(body: Option<Vec<u8>>, fate: u8) -> Result<Body, Error> {
    match fate {
        BROKE => Err(Error::new(
            ErrorKind::BadRequest,
            "the body broke off before its end",
        )),
        TOO_LARGE => Ok(Body::over_limit()),
        _ => Ok(body.map(Body::from).unwrap_or_default()),
    }
}

/// Gives the host an answer. A stream is kept here, for the host to pull at.
pub(crate) fn response(response: Response) {
    let (status, headers, body) = response.into_parts();
    let status = status.as_u16();
    TURN.set(TURN.get().wrapping_add(1));
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
                #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, which is 8 PiB")]
                let size = size.map_or(-1.0, |size| size as f64);
                host::stream(status, changed, size);
                call::keep(stream);
            }
        }
        last.status = status;
        mem::swap(&mut last.fields, &mut last.scratch);
    });
}

/// Header fields as lines of a name and of a value in turn.
fn write(out: &mut String, headers: &Headers) {
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

/// A header's value as the text that the platform writes in UTF-8. What is not UTF-8 is read as
/// Latin-1, which HTTP had before it: the letters arrive, in other bytes.
fn text(out: &mut String, value: &[u8]) {
    match std::str::from_utf8(value) {
        Ok(text) => out.push_str(text),
        Err(_) => out.extend(value.iter().map(|byte| char::from(*byte))),
    }
}
