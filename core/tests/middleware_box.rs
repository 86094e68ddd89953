//! What stands around the routes: time, and who may change something. It must not know a socket.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use guru_core::app::Query;
use guru_core::app::middleware::{SameOrigin, Timeout};
use guru_core::{App, Context, Error, ErrorKind, Method, Request, Response};
use serde::Deserialize;

use support::{Given, ask, client};

/// Says when it is dropped.
struct Guard(Rc<Cell<bool>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[derive(Deserialize)]
struct Pace {
    first: u64,
    then: u64,
}

#[test]
fn an_answer_that_has_not_begun_in_time_is_given_up() {
    let dropped = Rc::new(Cell::new(false));
    let shared = Rc::clone(&dropped);
    let slow = move |cx: Context, Query(pace): Query<Pace>| {
        let guard = Guard(Rc::clone(&shared));
        async move {
            cx.sleep(Duration::from_secs(pace.first)).await;
            drop(guard);
            "done"
        }
    };
    let streamed = |cx: Context, Query(pace): Query<Pace>| async move {
        Response::stream("text/plain", move |mut out| async move {
            cx.sleep(Duration::from_secs(pace.first)).await;
            out.send("one").await?;
            cx.sleep(Duration::from_secs(pace.then)).await;
            out.send("two").await
        })
    };
    let app = App::new()
        .with(Timeout::new(Duration::from_secs(5)))
        .get("/slow", slow)
        .get("/stream", streamed);
    let client = client(app);
    for (target, status, text) in [
        ("/slow?first=0&then=0", 200, "done"),
        ("/slow?first=5&then=0", 200, "done"),
        ("/slow?first=6&then=0", 504, ""),
        ("/stream?first=4&then=60", 200, "onetwo"),
        ("/stream?first=6&then=0", 504, ""),
    ] {
        dropped.set(false);
        let answer = client.get(target);
        answer.assert_status(status);
        if status == 200 {
            answer.assert_text(text);
        } else {
            let shown = answer.json::<serde_json::Value>();
            assert_eq!(shown["error"], "gateway timeout");
            let said = client.log().take();
            assert_eq!(said[0].message, "the answer has not begun within 5s");
        }
        assert_eq!(dropped.get(), target.starts_with("/slow"), "{target}");
    }
}

#[test]
fn no_time_is_enough_for_what_does_not_wait() {
    let app = App::new().with(Timeout::new(Duration::ZERO));
    let client = client(app.get("/", || async { "at once" }));
    client.get("/").assert_text("at once");
}

const HOST: (&str, &str) = ("host", "a.example");

#[test]
fn pages_of_other_sites_change_nothing() {
    let policies: [fn() -> SameOrigin; 3] = [
        SameOrigin::new,
        || SameOrigin::new().allow_same_site(),
        || {
            SameOrigin::new()
                .allow_origin("https://b.example")
                .allow_origin("null")
        },
    ];
    // Whether each of the policies lets a POST pass.
    let cases: [(Given<'_>, [bool; 3]); 23] = [
        (&[], [true; 3]),
        (&[("sec-fetch-site", "same-origin")], [true; 3]),
        (&[("sec-fetch-site", "none")], [true; 3]),
        (&[("sec-fetch-site", "same-site")], [false, true, false]),
        (&[("sec-fetch-site", "cross-site")], [false; 3]),
        (&[("sec-fetch-site", "Same-Origin")], [false; 3]),
        (&[("sec-fetch-site", "")], [true; 3]),
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://b.example"),
            ],
            [false, false, true],
        ),
        (
            &[
                HOST,
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://a.example"),
            ],
            [false; 3],
        ),
        (
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "https://c.example"),
            ],
            [true; 3],
        ),
        (&[HOST, ("origin", "https://a.example")], [true; 3]),
        (&[HOST, ("origin", "http://a.example")], [true; 3]),
        (
            &[HOST, ("origin", "https://b.example")],
            [false, false, true],
        ),
        (&[HOST, ("origin", "https://c.example")], [false; 3]),
        (
            &[HOST, ("origin", "https://a.example.c.example")],
            [false; 3],
        ),
        (&[HOST, ("origin", "https://a.example:8443")], [false; 3]),
        (&[HOST, ("origin", "null")], [false; 3]),
        (&[HOST, ("origin", "a.example")], [false; 3]),
        (&[("origin", "https://a.example")], [false; 3]),
        (
            &[("host", "A.example:443"), ("origin", "https://a.example")],
            [true; 3],
        ),
        (
            &[("host", "a.example:443"), ("origin", "http://a.example")],
            [false; 3],
        ),
        (
            &[("host", "[::1]:5000"), ("origin", "http://[::1]:5000")],
            [true; 3],
        ),
        (
            &[HOST, ("host", "c.example"), ("origin", "https://a.example")],
            [false; 3],
        ),
    ];
    for (index, policy) in policies.into_iter().enumerate() {
        let client = client(App::new().with(policy()).any("/", || async { "ok" }));
        for (headers, passes) in &cases {
            let want = if passes[index] { 200 } else { 403 };
            for (method, want) in [
                ("POST", want),
                ("PUT", want),
                ("PATCH", want),
                ("DELETE", want),
                ("PURGE", want),
                ("GET", 200),
                ("HEAD", 200),
                ("OPTIONS", 200),
            ] {
                let answer = ask(&client, method, "/", headers);
                let status = answer.status().as_u16();
                assert_eq!(status, want, "policy {index}: {method} {headers:?}");
            }
        }
    }
}

#[test]
fn what_is_refused_does_not_reach_the_handler() {
    let handler = |_: Context, _: Request| async { Err::<(), _>(Error::from(ErrorKind::Internal)) };
    let client = client(App::new().with(SameOrigin::new()).post("/", handler));
    let call = client.request(Method::POST, "/");
    let answer = call.header("sec-fetch-site", "cross-site").send();
    answer.assert_status(403);
    let shown = answer.json::<serde_json::Value>();
    assert_eq!(
        shown["error"],
        "the request comes from a page of another site"
    );
    assert!(client.log().take().is_empty());
}
