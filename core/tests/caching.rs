//! Etags, conditions, and what caches are told. It must not know a socket.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod support;

use std::time::Duration;

use guru_core::app::middleware::{CacheControl, Etag};
use guru_core::app::{Query, wrapped};
use guru_core::{App, Response, Result, Status, memory};
use serde::Deserialize;

use support::{Given, ask, client};

/// Of "hello" as text: the first half of the SHA-256 of the type, the coding and the content, each behind its length in eight bytes, as
/// Python's hashlib has it.
const HELLO: &str = "\"19f4a1509318d337604e4a9bef3e6b55\"";

fn tagged() -> memory::Client {
    let with = |etag: &'static str| move || async move { ([("etag", etag)], "own") };
    let stream = || {
        Response::stream("text/plain", |mut out| async move {
            out.send("one").await?;
            out.send("two").await
        })
    };
    let described = || async {
        let headers = [
            ("content-language", "en"),
            ("content-location", "/here"),
            ("cache-control", "max-age=5"),
            ("vary", "accept"),
            ("expires", "Thu, 01 Jan 1970 00:00:05 GMT"),
            ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("access-control-allow-origin", "*"),
            ("set-cookie", "a=b"),
        ];
        (headers, "hello")
    };
    let coded = || async { ([("content-encoding", "br")], "hello") };
    client(
        App::new()
            .with(Etag)
            .get("/", || async { "hello" })
            .post("/", || async { "hello" })
            .get("/again", || async { "hello" })
            .get("/other", || async { "hullo" })
            .get("/html", || async { Response::html("hello") })
            .get("/coded", coded)
            .get("/empty", || async { "" })
            .get("/described", described)
            .get("/strong", with("\"a,b\""))
            .get("/weak", with("W/\"a\""))
            .get("/broken", with("a"))
            .get("/stream", move || async move { stream() })
            .get("/tagged-stream", move || async move {
                ([("etag", "\"s\"")], stream())
            })
            .get("/created", || async { (Status::CREATED, "hello") })
            .head("/head", || async { Response::new(Status::OK) }),
    )
}

#[test]
fn an_etag_is_of_the_content_its_type_and_its_coding() {
    let client = tagged();
    let tag = |method, target| {
        let answer = ask(&client, method, target, &[]);
        assert!(answer.status().as_u16() < 300, "{answer:?}");
        answer.header("etag").map(str::to_owned)
    };
    assert_eq!(tag("GET", "/").as_deref(), Some(HELLO));
    assert_eq!(tag("HEAD", "/").as_deref(), Some(HELLO));
    assert_eq!(tag("GET", "/again").as_deref(), Some(HELLO));
    let mut all = ["/", "/other", "/html", "/coded", "/empty"].map(|target| tag("GET", target));
    all.sort();
    assert!(all.iter().all(Option::is_some), "{all:?}");
    assert!(all.windows(2).all(|two| two[0] != two[1]), "{all:?}");
    assert_eq!(tag("GET", "/strong").as_deref(), Some("\"a,b\""));
    for (method, target) in [
        ("POST", "/"),
        ("GET", "/stream"),
        ("GET", "/created"),
        ("HEAD", "/head"),
        ("HEAD", "/empty"),
    ] {
        assert_eq!(tag(method, target), None, "{method} {target}");
    }
    assert!(!client.get("/nope").headers().contains("etag"));
    assert_eq!(client.get("/stream").text(), "onetwo");
}

#[test]
fn conditions_are_held_to_the_etag_of_the_answer() {
    let client = tagged();
    let weak = format!("W/{HELLO}");
    let listed = format!("\"x\", W/\"y\" ,{HELLO}");
    let cases: [(&str, &str, Given<'_>, u16); 24] = [
        ("GET", "/", &[("if-none-match", HELLO)], 304),
        ("HEAD", "/", &[("if-none-match", HELLO)], 304),
        ("POST", "/", &[("if-none-match", HELLO)], 200),
        ("GET", "/", &[("if-none-match", &weak)], 304),
        ("GET", "/", &[("if-none-match", &listed)], 304),
        ("GET", "/", &[("if-none-match", "*")], 304),
        ("GET", "/", &[("if-none-match", "\"x\"")], 200),
        ("GET", "/", &[("if-none-match", &HELLO[1..33])], 200),
        (
            "GET",
            "/",
            &[("if-none-match", "\"x\""), ("if-none-match", HELLO)],
            304,
        ),
        ("GET", "/other", &[("if-none-match", HELLO)], 200),
        ("GET", "/strong", &[("if-none-match", "\"a,b\"")], 304),
        ("GET", "/strong", &[("if-none-match", "\"a\", \"b\"")], 200),
        ("GET", "/weak", &[("if-none-match", "\"a\"")], 304),
        ("GET", "/weak", &[("if-match", "W/\"a\"")], 412),
        ("GET", "/broken", &[("if-none-match", "a")], 200),
        ("GET", "/stream", &[("if-none-match", "*")], 200),
        ("GET", "/tagged-stream", &[("if-none-match", "\"s\"")], 304),
        ("GET", "/tagged-stream", &[("if-none-match", "\"t\"")], 200),
        ("GET", "/created", &[("if-none-match", "*")], 201),
        ("GET", "/nope", &[("if-none-match", "*")], 404),
        ("GET", "/", &[("if-match", HELLO)], 200),
        ("GET", "/", &[("if-match", &weak)], 412),
        (
            "GET",
            "/",
            &[("if-match", "\"x\""), ("if-none-match", HELLO)],
            412,
        ),
        (
            "GET",
            "/",
            &[("if-match", "*"), ("if-none-match", HELLO)],
            304,
        ),
    ];
    for (method, target, headers, status) in cases {
        let answer = ask(&client, method, target, headers);
        assert_eq!(
            answer.status().as_u16(),
            status,
            "{method} {target} {headers:?}\n{answer:?}"
        );
        if matches!(status, 304 | 412) {
            assert!(answer.body().is_empty(), "{answer:?}");
        }
    }
}

#[test]
fn what_is_not_modified_has_the_headers_that_a_cache_takes_over() {
    let client = tagged();
    let answer = ask(&client, "GET", "/described", &[("if-none-match", HELLO)]);
    let mut names: Vec<_> = answer.headers().iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let wanted = [
        "access-control-allow-origin",
        "cache-control",
        "content-location",
        "etag",
        "expires",
        "set-cookie",
        "vary",
    ];
    assert_eq!(names, wanted);
    let refused = ask(&client, "GET", "/described", &[("if-match", "\"x\"")]);
    assert!(refused.headers().is_empty(), "{refused:?}");
}

#[test]
fn caches_are_told_where_nobody_has() {
    let (hour, second) = (Duration::from_secs(3600), Duration::from_millis(1999));
    for (control, value) in [
        (CacheControl::no_store(), "no-store"),
        (CacheControl::no_cache(), "no-cache"),
        (CacheControl::private(hour), "private, max-age=3600"),
        (CacheControl::public(second), "public, max-age=1"),
        (
            CacheControl::public(hour)
                .immutable()
                .stale_while_revalidate(second),
            "public, max-age=3600, immutable, stale-while-revalidate=1",
        ),
        (
            CacheControl::private(hour).stale_if_error(Duration::MAX),
            "private, max-age=3600, stale-if-error=18446744073709551615",
        ),
        (
            CacheControl::no_cache().shared_max_age(hour),
            "no-cache, s-maxage=3600",
        ),
    ] {
        let client = client(App::new().with(control).get("/", || async { "ok" }));
        assert_eq!(client.get("/").header("cache-control"), Some(value));
    }
}

#[derive(Deserialize)]
struct Wanted {
    status: u16,
    header: Option<String>,
}

async fn wanted(Query(wanted): Query<Wanted>) -> Result<Response> {
    let answer = Response::new(Status::new(wanted.status));
    match wanted.header {
        Some(name) => Ok(answer.with_header(name, "a=b")?),
        None => Ok(answer),
    }
}

#[test]
fn shared_caches_keep_nothing_that_is_somebodys() {
    let hour = Duration::from_secs(3600);
    let signed: Given<'_> = &[("authorization", "Bearer t")];
    let (for_all, own) = (Some("public, max-age=3600"), Some("private, max-age=3600"));
    for (method, query, headers, public, private) in [
        ("GET", "status=200", &[][..], for_all, own),
        ("HEAD", "status=200", &[], for_all, own),
        ("GET", "status=206", &[], for_all, own),
        ("GET", "status=299", &[], for_all, own),
        ("GET", "status=304", &[], for_all, own),
        ("GET", "status=302", &[], None, None),
        ("GET", "status=404", &[], None, None),
        ("GET", "status=500", &[], None, None),
        // A cache may use it for `GET` (RFC 9110, section 9.3.3).
        (
            "POST",
            "status=200&header=content-location",
            &[],
            None,
            None,
        ),
        (
            "GET",
            "status=200&header=set-cookie",
            &[],
            Some("private"),
            own,
        ),
        ("GET", "status=200", signed, Some("private"), own),
    ] {
        let no_store = Some("no-store");
        for (control, value) in [
            (CacheControl::public(hour), public),
            (CacheControl::private(hour), private),
            (CacheControl::no_store(), no_store),
        ] {
            let client = client(App::new().with(control).any("/", wanted));
            let answer = ask(&client, method, &format!("/?{query}"), headers);
            assert_eq!(answer.header("cache-control"), value, "{query}");
        }
    }
    let own = client(App::new().with(CacheControl::no_store()).get("/", wanted));
    let answer = own.get("/?status=200&header=cache-control");
    assert_eq!(answer.header("cache-control"), Some("a=b"));
}

#[test]
fn not_modified_goes_with_what_caches_are_told() {
    let control = || CacheControl::public(Duration::from_secs(60));
    let hello = || async { "hello" };
    for app in [
        App::new().with(control()).with(Etag).get("/", hello),
        App::new().with(Etag).with(control()).get("/", hello),
        App::new().get("/", wrapped(control(), wrapped(Etag, hello))),
    ] {
        let answer = ask(&client(app), "GET", "/", &[("if-none-match", HELLO)]);
        answer.assert_status(304);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
        assert_eq!(answer.header("etag"), Some(HELLO));
    }
}
