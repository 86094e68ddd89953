//! What the entry module of a worker passes in becomes a request, and a response becomes what the entry module reads, without
//! losing anything.
//!
//! The adapter's own file is compiled here, with this crate in place of the entry module, which exists only in a JavaScript
//! runtime. So the adapter need not make anything public.

mod call;
#[expect(
    dead_code,
    reason = "bodies of requests come from the entry module, chunk by chunk"
)]
#[path = "../../../adapters/js/src/convert.rs"]
mod convert;
mod host;

use guru_core::{Headers, Response, Status, Uri};

/// Input: the lines of a head, an empty line, then header fields, with alternating lines for names and values.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (head, fields) = text.split_once("\n\n").unwrap_or((&text, ""));
    request(head, fields);
    target(fields);
    answer(fields);
}

/// A head is parsed, or refused.
fn request(text: &str, fields: &str) {
    let head = convert::Head::read(text);
    let (_, method) = (head.client_ip(), head.method());
    assert_eq!(head.id, text.split('\n').next().unwrap_or_default());
    host::set_fields(fields);
    let Ok(request) = head.request(&method) else {
        return;
    };
    assert!(request.uri().path().starts_with('/'), "{text:?}");
    let mut wanted = Headers::new();
    let mut is_refused = false;
    for (name, value) in pairs(fields) {
        is_refused |= wanted.append(name, value).is_err();
    }
    let read: Vec<_> = request.headers().iter().collect();
    assert_eq!(read, wanted.iter().collect::<Vec<_>>(), "{fields:?}");
    assert_eq!(host::was_refused(), is_refused, "{fields:?}");
}

/// Everything after the authority of a URL is the target, byte for byte.
fn target(text: &str) {
    let line = text.lines().next().unwrap_or_default();
    let target = line.split('#').next().unwrap_or_default();
    if !target.is_empty() && !target.starts_with(['/', '?']) {
        return;
    }
    let head = format!("id\n\nGET\nhttps://a.example:8080{line}");
    let head = convert::Head::read(&head);
    let slash = if target.starts_with('/') { "" } else { "/" };
    let read = head
        .request(&head.method())
        .map(|request| request.uri().clone());
    assert_eq!(
        read.ok(),
        Uri::parse(format!("{slash}{target}")).ok(),
        "{line:?}"
    );
}

/// Header fields come out as they went in, and so do those that the host kept from the previous response.
fn answer(fields: &str) {
    let mut headers = Headers::new();
    for (name, value) in pairs(fields) {
        // Latin-1 where possible, so that some values are not UTF-8.
        let latin: Result<Vec<u8>, _> = value.chars().map(|c| u8::try_from(u32::from(c))).collect();
        let _ = headers.append(name, latin.as_deref().unwrap_or(value.as_bytes()));
    }
    let status = 200 + u16::try_from(fields.len() % 400).unwrap_or_default();
    for _ in 0..2 {
        let mut response = Response::new(Status::new(status)).with_body(fields.to_owned());
        *response.headers_mut() = headers.clone();
        convert::response(response);
        let given = host::given();
        assert_eq!((given.status, &*given.content), (status, fields.as_bytes()));
        let wanted: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| (name.to_owned(), shown(value)))
            .collect();
        let read = pairs(&given.fields).map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read.collect::<Vec<_>>(), wanted, "{fields:?}");
    }
}

/// A value as a string: UTF-8, else Latin-1.
fn shown(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}

/// Splits lines as the entry module does: an empty string has no lines.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut lines = text.split('\n');
    std::iter::from_fn(move || Some((lines.next()?, lines.next()?)))
}
