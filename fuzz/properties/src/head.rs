//! A head that a server based on the `http` crate parses (the native server, the component host) is refused, or is one that a
//! handler may see.
//!
//! Input: an HTTP/1 head, as bytes. With an additional first line `HTTP/2`, the rest is converted as HTTP/2 would.

use guru_core::adapter::{admit, is_authority};
use guru_core::http::convert;
use guru_core::{Request, Response};
use http::request::Parts;

/// Hop-by-hop fields, which concern one connection and no handler (RFC 9110, section 7.6.1).
const OF_A_CONNECTION: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "te",
];

/// Checks and handles a head.
pub fn check(data: &[u8]) {
    let Some(mut parts) = parse(data) else {
        return;
    };
    let nominated = nominated(&parts);
    if admit(&mut parts).is_err() {
        return;
    }
    let Ok(request) = convert::request(&parts) else {
        return;
    };
    assert_ne!(request.method().as_str(), "CONNECT");
    let path = request.uri().path();
    assert!(path.starts_with('/') || path == "*", "{path:?}");
    let hosts: Vec<Vec<u8>> = request
        .headers()
        .get_all("host")
        .map(<[u8]>::to_vec)
        .collect();
    assert!(hosts.len() <= 1, "{hosts:?}");
    assert!(hosts.iter().all(|host| is_authority(host)), "{hosts:?}");
    if parts.version == http::Version::HTTP_2 {
        assert!(request.headers().get_all("cookie").count() <= 1);
    }
    seen(request, &nominated);
}

/// Checks what reaches a handler.
fn seen(request: Request, nominated: &[String]) {
    let (send, receive) = std::sync::mpsc::channel();
    let path = request.uri().path().to_owned();
    let tell = move |_: guru_core::Context, req: Request| {
        let _ = send.send(req.headers().clone());
        std::future::ready(Ok(Response::text("")))
    };
    let app = guru_core::App::new()
        .any("/", tell.clone())
        .any("/{*rest}", tell);
    let client = guru_core::memory::Client::new(app).expect("the routes are sound");
    let answer = client.send(request);
    if path == "*" {
        assert_eq!(answer.status().as_u16(), 404);
        return;
    }
    let headers = receive.try_recv().expect("every path has a route");
    for (name, value) in headers.iter() {
        assert!(!OF_A_CONNECTION.contains(&name), "{name}");
        assert!(
            !nominated.iter().any(|other| other == name),
            "{name} of {nominated:?}"
        );
        assert!(
            !name.bytes().any(|byte| byte.is_ascii_uppercase()),
            "{name}"
        );
        assert!(
            !value.iter().any(|byte| b"\r\n\0".contains(byte)),
            "{name}: {value:?}"
        );
        assert_eq!(value.trim_ascii(), value, "{name}");
    }
}

/// The names in the `connection` field.
fn nominated(parts: &Parts) -> Vec<String> {
    let values = parts.headers.get_all("connection").iter();
    let names = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    names
        .map(|name| String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != "host")
        .collect()
}

/// Parses a head as hyper does: with `httparse`, into the types of `http`.
fn parse(data: &[u8]) -> Option<Parts> {
    let (is_http2, data) = match data.strip_prefix(b"HTTP/2\n") {
        Some(rest) => (true, rest),
        None => (false, data),
    };
    let mut room = [httparse::EMPTY_HEADER; 128];
    let mut read = httparse::Request::new(&mut room);
    read.parse(data)
        .ok()
        .filter(httparse::Status::is_complete)?;
    let version = match (is_http2, read.version?) {
        (true, _) => http::Version::HTTP_2,
        (false, 0) => http::Version::HTTP_10,
        (false, _) => http::Version::HTTP_11,
    };
    let mut request = http::Request::builder()
        .method(read.method?)
        .uri(read.path?)
        .version(version);
    for header in read.headers.iter() {
        request = request.header(header.name, header.value);
    }
    Some(request.body(()).ok()?.into_parts().0)
}
