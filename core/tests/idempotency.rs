//! Requests that are done once: what is the same request, whose answer is whose, and what becomes of those that fail.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use guru_core::app::middleware::Idempotency;
use guru_core::ports::{Clock, ErrorKind};
use guru_core::time::join;
use guru_core::{App, Atomic, Context, Method, Request, Response, Status, memory};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn done(cx: &Context) -> Atomic {
    Atomic::new(cx, "done", |_| unreachable!())
}

/// Whoever says nothing is somebody, too.
fn user(_cx: &Context, req: &Request) -> Option<String> {
    let user = req.headers().get_str("x-user").unwrap_or("Ada");
    (user != "nobody").then(|| user.to_owned())
}

/// An app that counts its calls, and what it answers.
fn app(idempotency: Idempotency) -> (App, Rc<Cell<u32>>) {
    let calls = Rc::new(Cell::new(0));
    let count = Rc::clone(&calls);
    let handler = move |cx: Context, mut req: Request| {
        count.set(count.get() + 1);
        let number = count.get();
        async move {
            cx.sleep(Duration::from_secs(1)).await;
            let said = req.text().await?;
            Ok::<_, guru_core::Error>(match &*said {
                "fails" => Response::text("no").with_status(Status::SERVICE_UNAVAILABLE),
                "wait" => Response::text("no").with_status(Status::TOO_MANY_REQUESTS),
                "large" => Response::typed("a/b", vec![7; 200 * 1024]),
                "stream" => Response::stream("a/b", |mut out| async move { out.send("a").await }),
                _ => Response::text(format!("{number} {said}"))
                    .with_status(Status::CREATED)
                    .with_header("location", "/1")?
                    .with_header("set-cookie", "a=1")?
                    .with_header("set-cookie", "b=2")?,
            })
        }
    };
    let app = App::new()
        .with(idempotency)
        .any("/", handler.clone())
        .any("/other", handler);
    (app, calls)
}

fn client() -> (memory::Client, Rc<Cell<u32>>) {
    let (app, calls) = app(Idempotency::new(done, DAY, user));
    (memory::Client::new(app).unwrap(), calls)
}

fn send(client: &memory::Client, key: &str, body: &'static str) -> memory::Reply {
    client
        .request(Method::POST, "/")
        .header("idempotency-key", key)
        .body(body)
        .send()
}

#[test]
fn the_same_request_has_the_same_answer() {
    let (client, calls) = client();
    let first = send(&client, "k", "a");
    first.assert_status(201).assert_text("1 a");
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = send(&client, "k", "a");
    again.assert_status(201).assert_text("1 a");
    assert_eq!(again.header("location"), Some("/1"));
    assert_eq!(again.headers_of("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(calls.get(), 1);
    client.clock().advance(DAY);
    send(&client, "k", "a").assert_text("2 a");
}

#[test]
fn another_request_is_another_one() {
    let (client, calls) = client();
    send(&client, "k", "a").assert_status(201);
    send(&client, "k", "b").assert_status(422);
    let call = || {
        client
            .request(Method::POST, "/?x=1")
            .header("idempotency-key", "k")
    };
    call().body("a").send().assert_status(422);
    assert_eq!(calls.get(), 1);
    let to = |method: &Method, path| {
        client
            .request(method.clone(), path)
            .header("idempotency-key", "k")
            .body("a")
    };
    for (index, call) in [
        to(&Method::POST, "/other"),
        to(&Method::PATCH, "/"),
        to(&Method::POST, "/").header("x-user", "Grace"),
        // These are always done.
        to(&Method::PUT, "/"),
        to(&Method::PUT, "/"),
        client.request(Method::POST, "/").body("a"),
        client.request(Method::POST, "/").body("a"),
        to(&Method::POST, "/").header("x-user", "nobody"),
        to(&Method::POST, "/").header("x-user", "nobody"),
    ]
    .into_iter()
    .enumerate()
    {
        call.send().assert_text(&format!("{} a", index + 2));
    }
}

#[test]
fn one_that_is_being_done_is_not_done_twice() {
    let (client, calls) = client();
    let call = || {
        client
            .request(Method::POST, "/")
            .header("idempotency-key", "k")
            .body("a")
            .start()
    };
    let (one, other) = client.block_on(join(call(), call()));
    assert_eq!((one.status().as_u16(), other.status().as_u16()), (201, 409));
    assert_eq!(other.headers().get_str("retry-after"), Some("1"));
    assert_eq!(calls.get(), 1);
}

#[test]
fn what_fails_may_be_sent_again_and_what_is_too_large_is_not_done_again() {
    let (client, calls) = client();
    send(&client, "k", "fails").assert_status(503);
    send(&client, "k", "fails").assert_status(503);
    assert_eq!(calls.get(), 2);
    // Another content is another attempt.
    send(&client, "k", "wait").assert_status(429);
    send(&client, "k", "wait").assert_status(429);
    assert_eq!(calls.get(), 4);
    for (key, count) in [("large", 5), ("stream", 6)] {
        send(&client, key, key).assert_status(200);
        send(&client, key, key).assert_status(409);
        assert_eq!(calls.get(), count);
    }
}

#[test]
fn a_key_is_held_to_what_it_is() {
    let (client, calls) = client();
    for wrong in ["", "a b", "ä", &"a".repeat(256)] {
        send(&client, wrong, "a").assert_status(400);
    }
    let twice = client
        .request(Method::POST, "/")
        .header("idempotency-key", "a");
    twice
        .header("idempotency-key", "b")
        .send()
        .assert_status(400);
    assert_eq!(calls.get(), 0);
    send(&client, &"a".repeat(255), "a").assert_status(201);
    client.store("done").fails_once(ErrorKind::Unavailable);
    send(&client, "k", "a").assert_status(503);
    assert_eq!(calls.get(), 1);
    let (app, _) = app(Idempotency::new(done, DAY, user).required());
    let client = memory::Client::new(app).unwrap();
    client.post("/", "a").assert_status(400);
    client.get("/").assert_status(201);
}

/// One that takes longer than its lease is done again meanwhile; when it fails then, the other one's answer stays.
#[test]
fn a_lease_ends_and_whoever_is_late_changes_nothing() {
    let calls = Rc::new(Cell::new(0));
    let count = Rc::clone(&calls);
    let handler = move |cx: Context| {
        count.set(count.get() + 1);
        let number = count.get();
        async move {
            let seconds = if number == 1 { 70 } else { 1 };
            cx.sleep(Duration::from_secs(seconds)).await;
            match number {
                1 => Err(ErrorKind::Unavailable),
                _ => Ok(number.to_string()),
            }
            .map_err(|kind| guru_core::ports::Error::new(kind, "late").into())
        }
    };
    let app = App::new()
        .with(Idempotency::new(done, DAY, user))
        .post("/", handler);
    let client = memory::Client::new(app).unwrap();
    let call = || {
        client
            .request(Method::POST, "/")
            .header("idempotency-key", "k")
            .start()
    };
    let second = async {
        Clock::sleep(client.clock(), Duration::from_secs(61)).await;
        call().await
    };
    let (late, second) = client.block_on(join(call(), second));
    assert_eq!(
        (late.status().as_u16(), second.status().as_u16()),
        (503, 200)
    );
    send(&client, "k", "").assert_status(200).assert_text("2");
    assert_eq!(calls.get(), 2);
}

#[test]
fn a_body_is_held_to_the_limit_before_it_is_read() {
    let (app, calls) = app(Idempotency::new(done, DAY, user));
    let client = memory::Client::new(app.body_limit(3)).unwrap();
    send(&client, "k", "four").assert_status(413);
    let stream = Response::stream("a/b", |mut out| async move { out.send("four").await });
    let call = client
        .request(Method::POST, "/")
        .header("idempotency-key", "k");
    call.body(stream.into_parts().2).send().assert_status(413);
    assert_eq!(calls.get(), 0);
    send(&client, "k", "a").assert_status(201);
}
