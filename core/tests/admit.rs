//! Which heads a server takes, and what it makes of them.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use guru_core::adapter::admit;
use http::{Request, Version, request};

fn head(version: Version, method: &str, target: &str, headers: &[(&str, &str)]) -> request::Parts {
    let mut request = Request::builder()
        .version(version)
        .method(method)
        .uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

type Headers<'a> = &'a [(&'a str, &'a str)];

/// RFC 9112, sections 3.2 and 6.1; RFC 9113, section 8.3.1; RFC 9110, sections 4.2.4 and 9.3.6.
#[test]
fn heads_that_are_refused() {
    let (old, one, two) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
    let cases: [(Version, &str, &str, Headers<'_>, u16); 27] = [
        (one, "GET", "/", &[("host", "a")], 200),
        (one, "GET", "/", &[("host", "a:80")], 200),
        (one, "GET", "/", &[("host", "")], 200),
        (old, "GET", "/", &[], 200),
        (two, "GET", "http://a/", &[], 200),
        (two, "GET", "http://a/", &[("host", "A")], 200),
        (two, "GET", "/", &[("host", "a")], 200),
        (one, "GET", "http://b/", &[("host", "a")], 200),
        (one, "OPTIONS", "*", &[("host", "a")], 200),
        (one, "GET", "/", &[], 400),
        (two, "GET", "/", &[], 400),
        (
            one,
            "GET",
            "http://b/",
            &[("host", "a"), ("host", "a")],
            400,
        ),
        (one, "GET", "/", &[("host", "a"), ("host", "b")], 400),
        (old, "GET", "/", &[("host", "a"), ("host", "a")], 400),
        (one, "GET", "/", &[("host", "evil/echo")], 400),
        (one, "GET", "/", &[("host", "x?y=")], 400),
        (one, "GET", "/", &[("host", "u@h")], 400),
        (one, "GET", "http://u@h/", &[("host", "h")], 400),
        (two, "GET", "http://a/", &[("host", "b")], 400),
        (one, "CONNECT", "a:80", &[("host", "a:80")], 400),
        (one, "CONNECT", "/ok", &[("host", "a")], 400),
        (
            one,
            "POST",
            "/",
            &[("host", "a"), ("transfer-encoding", "Chunked")],
            200,
        ),
        (
            one,
            "POST",
            "/",
            &[("host", "a"), ("transfer-encoding", "gzip, chunked")],
            501,
        ),
        (
            one,
            "POST",
            "/",
            &[
                ("host", "a"),
                ("transfer-encoding", "gzip"),
                ("transfer-encoding", "chunked"),
            ],
            501,
        ),
        (
            one,
            "POST",
            "/",
            &[("host", "a"), ("transfer-encoding", "identity, chunked")],
            501,
        ),
        (
            one,
            "POST",
            "/",
            &[("host", "a"), ("transfer-encoding", "chunked, chunked")],
            400,
        ),
        (
            one,
            "POST",
            "/",
            &[("host", "a"), ("transfer-encoding", ", chunked ,")],
            200,
        ),
    ];
    for (version, method, target, headers, status) in cases {
        let mut head = head(version, method, target, headers);
        let admitted = admit(&mut head);
        let found = admitted.map_or_else(|error| error.kind().status().as_u16(), |()| 200);
        assert_eq!(found, status, "{version:?} {method} {target} {headers:?}");
    }
}

#[test]
fn heads_are_made_what_a_handler_sees() {
    let (one, two) = (Version::HTTP_11, Version::HTTP_2);
    let cases: [(Version, &str, Headers<'_>, &str, Headers<'_>); 9] = [
        (one, "/a?b", &[("host", "a")], "/a?b", &[("host", "a")]),
        (
            one,
            "http://b:1/a?b",
            &[("host", "a")],
            "/a?b",
            &[("host", "b:1")],
        ),
        // An empty path is `/` (RFC 9110, section 4.2.3).
        (
            one,
            "http://b?q=1",
            &[("host", "a")],
            "/?q=1",
            &[("host", "b")],
        ),
        (one, "http://b", &[("host", "a")], "/", &[("host", "b")]),
        (two, "http://b/x", &[], "/x", &[("host", "b")]),
        (
            one,
            "/",
            &[
                ("host", "a"),
                ("connection", "X-Mine, close"),
                ("connection", "x-too, host"),
                ("x-mine", "1"),
                ("x-too", "2"),
                ("x", "3"),
            ],
            "/",
            &[
                ("host", "a"),
                ("connection", "X-Mine, close"),
                ("connection", "x-too, host"),
                ("x", "3"),
            ],
        ),
        (
            one,
            "/",
            &[("host", "a"), ("cookie", "a=1"), ("cookie", "b=2")],
            "/",
            &[("host", "a"), ("cookie", "a=1"), ("cookie", "b=2")],
        ),
        (
            two,
            "/",
            &[("host", "a"), ("cookie", "a=1"), ("cookie", "b=2")],
            "/",
            &[("host", "a"), ("cookie", "a=1; b=2")],
        ),
        (
            two,
            "/",
            &[("host", "a"), ("cookie", "a=1")],
            "/",
            &[("host", "a"), ("cookie", "a=1")],
        ),
    ];
    for (version, target, headers, seen, kept) in cases {
        let mut head = head(version, "GET", target, headers);
        admit(&mut head).unwrap();
        assert_eq!(head.uri.to_string(), seen, "{target}");
        let names: Vec<_> = head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        let mut kept = kept.to_vec();
        kept.sort_unstable();
        let mut found = names.clone();
        found.sort_unstable();
        assert_eq!(found, kept, "{target} {headers:?}");
    }
}
