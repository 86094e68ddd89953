//! Serialises a request to bytes.

use std::borrow::Cow;

use crate::bytes::quoted;
use crate::vector::Request;

use super::Endpoint;

/// Stands in a request's target for a name that no other endpoint has.
const ENDPOINT: &str = "{endpoint}";

/// The bytes of a request.
#[derive(Debug)]
pub struct Message {
    /// All of them.
    pub bytes: Vec<u8>,
    /// How many are sent before the answer's body has begun to come, if not all.
    pub first: Option<usize>,
}

/// The message, byte for byte as in the vector.
///
/// `host` (RFC 9112 section 3.2) and the framing of the body (section 6) are added unless the vector sets its own.
#[must_use]
pub fn encode(request: &Request, endpoint: &Endpoint) -> Message {
    let body = request.body.as_ref().map(|body| body.bytes());
    let gives = |wanted: &str| {
        request
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    let mut message = Vec::with_capacity(512 + body.as_ref().map_or(0, |body| body.len()));
    message.extend_from_slice(&request.method);
    message.push(b' ');
    message.extend_from_slice(endpoint.prefix.as_bytes());
    message.extend_from_slice(&target(request, endpoint));
    message.extend_from_slice(b" HTTP/1.1\r\n");
    if request.has_host && !gives("host") {
        header(&mut message, b"host", endpoint.authority.as_bytes());
    }
    for (name, value) in &request.headers {
        header(&mut message, name, value);
    }
    match &body {
        Some(_) if request.chunked && !gives("transfer-encoding") => {
            header(&mut message, b"transfer-encoding", b"chunked");
        }
        Some(body) if !request.chunked && !gives("content-length") => {
            header(
                &mut message,
                b"content-length",
                body.len().to_string().as_bytes(),
            );
        }
        _ => {}
    }
    message.extend_from_slice(b"\r\n");
    let mut first = None;
    if let Some(body) = body {
        if request.chunked {
            first = chunks(&mut message, &body);
        } else {
            message.extend_from_slice(&body);
        }
    }
    Message {
        first: first.filter(|_| request.held),
        bytes: message,
    }
}

/// The target, with `{endpoint}` replaced by what no other endpoint has: the digits of its address.
fn target<'a>(request: &'a Request, endpoint: &Endpoint) -> Cow<'a, [u8]> {
    let Ok(text) = str::from_utf8(&request.target) else {
        return Cow::Borrowed(&request.target);
    };
    if !text.contains(ENDPOINT) {
        return Cow::Borrowed(&request.target);
    }
    let digits = endpoint.authority.chars().filter(char::is_ascii_digit);
    let text = text.replace(ENDPOINT, &digits.collect::<String>());
    Cow::Owned(text.into_bytes())
}

/// A request in one line, for messages.
#[must_use]
pub fn describe(request: &Request, endpoint: &Endpoint) -> String {
    let mut line = format!(
        "{} {}{}",
        quoted(&request.method, 60).trim_matches('"'),
        endpoint.prefix,
        quoted(&request.target, 300).trim_matches('"'),
    );
    for (name, value) in &request.headers {
        line.push_str(&format!(
            "; {}: {}",
            quoted(name, 60).trim_matches('"'),
            quoted(value, 120)
        ));
    }
    if let Some(body) = &request.body {
        let bytes = body.bytes();
        let how = if request.chunked { " in chunks" } else { "" };
        line.push_str(&format!(
            "; body of {} bytes{how}: {}",
            bytes.len(),
            quoted(&bytes, 200)
        ));
    }
    line
}

fn header(message: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    message.extend_from_slice(name);
    message.extend_from_slice(b": ");
    message.extend_from_slice(value);
    message.extend_from_slice(b"\r\n");
}

/// Splits even a short body into several chunks, to catch a server that reads only the first.
/// Returns the length up to the end of the first chunk.
fn chunks(message: &mut Vec<u8>, body: &[u8]) -> Option<usize> {
    let mut first = None;
    let size = body.len().div_ceil(3).clamp(1, 64 * 1024);
    for chunk in body.chunks(size) {
        message.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        message.extend_from_slice(chunk);
        message.extend_from_slice(b"\r\n");
        first.get_or_insert(message.len());
    }
    message.extend_from_slice(b"0\r\n\r\n");
    first
}
