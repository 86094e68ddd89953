//! Encodes a response as the JSON that the sender of the event expects.

use std::{fmt, io};

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::event::Kind;

/// A response with its body, as JSON for one kind of sender.
#[derive(Debug)]
pub(crate) struct Answer {
    kind: Kind,
    status: http::StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(crate) fn new(kind: Kind, response: http::Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            kind,
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The size of the content in bytes.
    pub(crate) fn content(&self) -> usize {
        self.body.len()
    }

    /// Whether its JSON takes at most `largest` bytes, including everything around the content and all escapes.
    pub(crate) fn fits(&self, largest: usize) -> bool {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + ROUND);
        let bytes = headers.sum::<usize>() + self.body.len();
        // No byte takes more than the six of `\u001f`, so most responses need not be serialized to be measured.
        bytes.saturating_mul(6).saturating_add(ENVELOPE) <= largest
            || serde_json::to_writer(Room(largest), self).is_ok()
    }
}

/// Upper bounds for the JSON around the headers and the content, and around each header.
const ENVELOPE: usize = 256;
const ROUND: usize = 8;

/// A writer that accepts this many bytes, and discards them.
struct Room(usize);

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => self.0 = left,
            None => return Err(io::ErrorKind::FileTooLarge.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        head(&mut map, self.kind, self.status, &self.headers)?;
        match text(&self.headers, &self.body) {
            Some(text) => {
                map.serialize_entry("body", text)?;
                map.serialize_entry("isBase64Encoded", &false)?;
            }
            None => {
                let body = Base64Display::new(&self.body, &STANDARD);
                map.serialize_entry("body", &format_args!("{body}"))?;
                map.serialize_entry("isBase64Encoded", &true)?;
            }
        }
        map.end()
    }
}

/// The head of a response, as JSON for one kind of sender.
#[derive(Debug)]
pub(crate) struct Prelude<'a> {
    kind: Kind,
    status: http::StatusCode,
    headers: &'a HeaderMap,
}

impl<'a> Prelude<'a> {
    pub(crate) fn new(kind: Kind, status: http::StatusCode, headers: &'a HeaderMap) -> Self {
        Self {
            kind,
            status,
            headers,
        }
    }
}

impl Serialize for Prelude<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        head(&mut map, self.kind, self.status, self.headers)?;
        map.end()
    }
}

fn head<M: SerializeMap>(
    map: &mut M,
    kind: Kind,
    status: http::StatusCode,
    headers: &HeaderMap,
) -> Result<(), M::Error> {
    map.serialize_entry("statusCode", &status.as_u16())?;
    match kind {
        Kind::Rest => map.serialize_entry("multiValueHeaders", &Lists(headers)),
        Kind::LoadBalancer { has_lists: true } => {
            map.serialize_entry("statusDescription", &format_args!("{status}"))?;
            map.serialize_entry("multiValueHeaders", &Lists(headers))
        }
        Kind::LoadBalancer { has_lists: false } | Kind::Lattice => {
            map.serialize_entry("statusDescription", &format_args!("{status}"))?;
            map.serialize_entry("headers", &Singles(headers, Cookies::Apart))
        }
        Kind::Http | Kind::FunctionUrl => {
            map.serialize_entry("headers", &Singles(headers, Cookies::Absent))?;
            map.serialize_entry("cookies", &cookies(headers))
        }
    }
}

/// The values of `set-cookie`.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    let cookies = headers.get_all(header::SET_COOKIE).iter();
    cookies.map(|cookie| Value(cookie).to_string()).collect()
}

/// The headers except `set-cookie`, each name once, for senders that read no more than one field per name: repeated
/// values are joined (RFC 9110, section 5.3).
fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut joined = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys().filter(|name| *name != header::SET_COOKIE) {
        let mut values = headers.get_all(name).iter();
        let first = values.next().cloned();
        let value = values.fold(first, |joined, value| {
            let joined = [joined?.as_bytes(), value.as_bytes()].join(&b", "[..]);
            HeaderValue::from_bytes(&joined).ok()
        });
        if let Some(value) = value {
            joined.insert(name, value);
        }
    }
    joined
}

/// The body as text, if that loses nothing and nobody would take it for anything else.
///
/// This depends on its bytes, because they decide what JSON can hold; and on its type, because API Gateway decodes
/// base64 for types that it considers binary
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html>).
fn text<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<&'a str> {
    if body.is_empty() {
        return Some("");
    }
    let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
    let content_type = headers.get(header::CONTENT_TYPE);
    if is_encoded || content_type.is_some_and(|value| !is_text(value.as_bytes())) {
        return None;
    }
    std::str::from_utf8(body).ok()
}

/// Whether a media type is textual: `text/*`, JSON, XML, forms, JavaScript, YAML.
fn is_text(media_type: &[u8]) -> bool {
    let essence = media_type
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    let ends = |ending: &[u8]| {
        essence.ends_with(&[b"/", ending].concat()) || essence.ends_with(&[b"+", ending].concat())
    };
    essence.starts_with(b"text/")
        || [
            &b"json"[..],
            b"xml",
            b"yaml",
            b"javascript",
            b"x-www-form-urlencoded",
        ]
        .into_iter()
        .any(ends)
}

/// A field value as a string. A value that is not UTF-8 is read as Latin-1: JSON cannot hold bytes.
struct Value<'a>(&'a HeaderValue);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0.as_bytes()) {
            Ok(text) => f.write_str(text),
            Err(_) => self
                .0
                .as_bytes()
                .iter()
                .try_for_each(|byte| write!(f, "{}", char::from(*byte))),
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Each name with a list of its values.
struct Lists<'a>(&'a HeaderMap);

impl Serialize for Lists<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.keys_len()))?;
        for name in self.0.keys() {
            map.serialize_entry(name.as_str(), &List(self.0, name))?;
        }
        map.end()
    }
}

struct List<'a>(&'a HeaderMap, &'a HeaderName);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.get_all(self.1).iter().map(Value))
    }
}

/// Where to put `set-cookie`, whose values cannot be joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cookies {
    /// In a list of their own.
    Absent,
    /// Here, each under a different capitalization of the name.
    Apart,
}

/// Each name with one value.
struct Singles<'a>(&'a HeaderMap, Cookies);

impl Serialize for Singles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &joined(self.0) {
            map.serialize_entry(name.as_str(), &Value(value))?;
        }
        if self.1 == Cookies::Apart {
            let cookies = self.0.get_all(header::SET_COOKIE).iter();
            for (index, cookie) in cookies.enumerate() {
                map.serialize_entry(&capitals("set-cookie", index), &Value(cookie))?;
            }
        }
        map.end()
    }
}

/// The name, with the letters at the set bits of `index` in capitals. This provides as many names as there are bits,
/// which differ in a JSON object and are equal in HTTP.
fn capitals(name: &str, index: usize) -> String {
    let mut bit = 0;
    name.chars()
        .map(|letter| {
            if !letter.is_ascii_alphabetic() {
                return letter;
            }
            let is_set = index.checked_shr(bit).unwrap_or(0) & 1 == 1;
            bit += 1;
            if is_set {
                letter.to_ascii_uppercase()
            } else {
                letter
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_its_type_and_its_bytes_say() {
        let cases: [(&[&str], &[u8], bool); 13] = [
            (&[], b"plain", true),
            (&[], b"\xff", false),
            (&[], b"", true),
            (&["image/png"], b"plain", false),
            (&["image/png"], b"", true),
            (&["image/svg+xml"], b"<svg/>", true),
            (&["application/json"], b"{}", true),
            (&["application/json"], b"\xc3", false),
            (&["Application/Problem+JSON; charset=utf-8"], b"{}", true),
            (&["text/plain;charset=iso-8859-1"], b"\xe9", false),
            (&["application/octet-stream"], b"plain", false),
            (&["application/x-www-form-urlencoded"], b"a=b", true),
            (&["text/plain", "gzip"], b"plain", false),
        ];
        for (said, body, want) in cases {
            let mut headers = HeaderMap::new();
            let names = [header::CONTENT_TYPE, header::CONTENT_ENCODING];
            for (name, value) in names.into_iter().zip(said) {
                headers.insert(name, HeaderValue::from_static(value));
            }
            assert_eq!(text(&headers, body).is_some(), want, "{said:?} {body:?}");
        }
    }

    #[test]
    fn names_differ_and_are_one_to_http() {
        let names: Vec<_> = (0..300)
            .map(|index| capitals("set-cookie", index))
            .collect();
        assert_eq!(names[0], "set-cookie");
        assert_eq!(names[3], "SEt-cookie");
        let apart: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(apart.len(), names.len());
        assert!(
            names
                .iter()
                .all(|name| name.eq_ignore_ascii_case("set-cookie"))
        );
    }
}
