//! A response is serialised to JSON with the same status, headers and body, and is as large as it claims to be.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::encode::Answer;
use crate::event::Kind;

#[derive(Arbitrary, Debug)]
struct Said<'a> {
    kind: u8,
    status: u16,
    content_type: Option<u8>,
    headers: Vec<(&'a [u8], &'a [u8])>,
    cookies: Vec<&'a [u8]>,
    body: &'a [u8],
}

const KINDS: [Kind; 6] = [
    Kind::Rest,
    Kind::Http,
    Kind::FunctionUrl,
    Kind::LoadBalancer { has_lists: true },
    Kind::LoadBalancer { has_lists: false },
    Kind::Lattice,
];

const TYPES: [&str; 6] = [
    "text/plain",
    "application/json",
    "image/svg+xml; charset=utf-8",
    "image/png",
    "text/plain; charset=iso-8859-1",
    ";",
];

/// Serialises a response and parses it again.
pub fn check(data: &[u8]) {
    let Ok(said) = Said::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let kind = KINDS[usize::from(said.kind) % KINDS.len()];
    let response = response(&said);
    let (status, headers) = (response.status(), response.headers().clone());
    let answer = Answer::new(kind, response);
    let json = serde_json::to_vec(&answer).expect("an answer can be written");
    assert!(answer.fits(json.len()) && !answer.fits(json.len() - 1));

    let read: Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(read["statusCode"], status.as_u16());
    let body = read["body"].as_str().expect("a body is a text");
    let body = match read["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body).expect("base64"),
        _ => body.as_bytes().to_vec(),
    };
    assert_eq!(body, said.body);
    let wanted = lists(&headers);
    match kind {
        Kind::Rest | Kind::LoadBalancer { has_lists: true } => {
            let read: BTreeMap<String, Vec<String>> =
                serde_json::from_value(read["multiValueHeaders"].clone()).expect("lists");
            assert_eq!(read, wanted);
        }
        _ => singles(&read, wanted),
    }
}

/// One value per name. Cookies are listed separately, or each under the name with different capitals.
fn singles(read: &Value, mut wanted: BTreeMap<String, Vec<String>>) {
    let mut cookies = wanted.remove("set-cookie").unwrap_or_default();
    let mut found = Vec::new();
    for (name, value) in read["headers"].as_object().expect("an object") {
        let value = value.as_str().expect("a text");
        if name.eq_ignore_ascii_case("set-cookie") {
            found.push(value.to_owned());
            continue;
        }
        // The values were joined as bytes, so one value that is not UTF-8 makes the whole not UTF-8.
        let values = wanted.remove(name).expect("a header of the answer");
        let is_joined = value == values.join(", ") || !value.is_ascii();
        assert!(is_joined, "{name}: {value:?} of {values:?}");
    }
    assert!(wanted.is_empty(), "{wanted:?} are not there");
    let apart = read["cookies"].as_array().into_iter().flatten();
    found.extend(apart.map(|cookie| cookie.as_str().expect("a text").to_owned()));
    found.sort();
    cookies.sort();
    assert_eq!(found, cookies);
}

fn response(said: &Said<'_>) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::copy_from_slice(said.body));
    let status = http::StatusCode::from_u16(200 + said.status % 400);
    *response.status_mut() = status.expect("a status between 200 and 599");
    let headers = response.headers_mut();
    if let Some(number) = said.content_type {
        let text = TYPES[usize::from(number) % TYPES.len()];
        headers.insert("content-type", HeaderValue::from_static(text));
    }
    for (name, value) in &said.headers {
        let name = HeaderName::from_bytes(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    for cookie in &said.cookies {
        if let Ok(value) = HeaderValue::from_bytes(cookie) {
            headers.append("set-cookie", value);
        }
    }
    response
}

/// The values of each name, as strings: UTF-8, else Latin-1.
fn lists(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let bytes = value.as_bytes();
        let text = std::str::from_utf8(bytes).map_or_else(
            |_| bytes.iter().copied().map(char::from).collect(),
            str::to_owned,
        );
        lists
            .entry(name.as_str().to_owned())
            .or_default()
            .push(text);
    }
    lists
}
