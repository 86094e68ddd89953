//! Requests that are done once: what is the same request, whose answer is whose, and what becomes of those that fail.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use guru_core::app::Json;
use guru_core::app::middleware::Idempotency;
use guru_core::ports::ErrorKind;
use guru_core::time::join;
use guru_core::{App, Atomic, Context, Method, Request, Response, Result, Status, memory};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn done(cx: &Context) -> Atomic {
    Atomic::new(cx, "done", |_| unreachable!())
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
    let (app, calls) = app(Idempotency::new(done, DAY));
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
        to(&Method::POST, "/").header("authorization", "Bearer Ada"),
        to(&Method::POST, "/").cookie("user", "Ada"),
        // These are always done.
        to(&Method::PUT, "/"),
        to(&Method::PUT, "/"),
        client.request(Method::POST, "/").body("a"),
        client.request(Method::POST, "/").body("a"),
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
    for (key, count) in [("large", 3), ("stream", 4)] {
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
    let (app, _) = app(Idempotency::new(done, DAY).required());
    let client = memory::Client::new(app).unwrap();
    client.post("/", "a").assert_status(400);
    client.get("/").assert_status(201);
}

#[test]
fn whose_it_is_can_be_said() {
    async fn pay(cx: Context, Json(amount): Json<u32>) -> Result<String> {
        Ok(format!("{amount} {}", cx.request_id()))
    }
    let of_user = |_: &Context, req: &Request| {
        req.headers()
            .get_str("x-user")
            .unwrap_or_default()
            .to_owned()
    };
    let app = App::new()
        .with(Idempotency::new(done, DAY).by(of_user))
        .post("/", pay);
    let client = memory::Client::new(app).unwrap();
    let send = |user, token| {
        let call = client
            .request(Method::POST, "/")
            .header("idempotency-key", "k");
        call.header("x-user", user)
            .header("authorization", token)
            .json(&7)
            .send()
    };
    let first = send("Ada", "one");
    assert_eq!(send("Ada", "two").text(), first.text());
    assert_ne!(send("Grace", "one").text(), first.text());
}
