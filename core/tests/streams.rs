//! Streams and time, as a handler uses them and as an adapter reads them.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use guru_core::time::{Either, join, race};
use guru_core::{
    App, Context, Error, ErrorKind, Event, Method, Next, Request, Response, Result, Uri, http,
    memory,
};

fn get(target: &str) -> Request {
    Request::new(Method::GET, Uri::parse(target).unwrap())
}

/// Counts how many chunks were made.
fn counted(made: &Rc<Cell<u32>>, fail: Option<u32>) -> Response {
    let made = Rc::clone(made);
    Response::stream("text/plain", move |mut out| async move {
        for n in 0..5 {
            if fail == Some(n) {
                return Err(Error::new(ErrorKind::Internal, "no more"));
            }
            made.set(n + 1);
            out.send(format!("{n}")).await?;
        }
        Ok(())
    })
}

fn client(made: &Rc<Cell<u32>>, fail: Option<u32>) -> memory::Client {
    let made = Rc::clone(made);
    let handler = move |_: Context, _: Request| {
        let response = counted(&made, fail);
        async move { Ok(response) }
    };
    memory::Client::new(App::new().get("/", handler)).unwrap()
}

#[test]
fn what_is_not_read_is_not_made() {
    let made = Rc::new(Cell::new(0));
    let client = client(&made, None);
    let mut response = client.block_on(client.start(get("/")));
    assert_eq!(
        made.get(),
        1,
        "the first chunk says whether there is an answer"
    );
    let mut body = response.take_body();
    for n in 0..3_u8 {
        let chunk = client.block_on(body.chunk()).unwrap().unwrap();
        assert_eq!(&*chunk, [b'0' + n]);
        assert!(made.get() <= u32::from(n) + 2, "one chunk ahead at most");
    }
    drop(body);
    assert!(made.get() < 5, "whoever leaves ends it");
}

#[test]
fn head_makes_nothing() {
    let made = Rc::new(Cell::new(0));
    let client = client(&made, Some(0));
    let head = Request::new(Method::HEAD, Uri::parse("/").unwrap());
    assert_eq!(client.send(head).status().as_u16(), 200);
    assert_eq!(made.get(), 0);
}

#[test]
fn an_error_is_an_answer_before_the_first_chunk_and_breaks_the_transfer_after_it() {
    let made = Rc::new(Cell::new(0));
    let first = client(&made, Some(0));
    assert_eq!(first.get("/").status().as_u16(), 500);
    assert_eq!(first.log().take().last().unwrap().message, "no more");

    let later = client(&made, Some(2));
    let error = later.try_send(get("/")).unwrap_err();
    assert_eq!(error.kind(), http::ErrorKind::BodyBroken);
    assert_eq!(later.log().take().last().unwrap().message, "no more");
}

#[test]
fn a_size_is_kept_or_the_transfer_breaks() {
    for (size, whole) in [(5, true), (4, false), (6, false)] {
        let handler = move |_: Context, _: Request| async move {
            Ok(Response::sized_stream(
                "text/plain",
                size,
                |mut out| async move {
                    out.send("he").await?;
                    out.send("llo").await
                },
            ))
        };
        let client = memory::Client::new(App::new().get("/", handler)).unwrap();
        let response = client.block_on(client.start(get("/")));
        assert_eq!(response.body().size(), Some(size));
        assert_eq!(client.try_send(get("/")).is_ok(), whole, "{size}");
    }
}

#[test]
fn events_are_lines_whatever_is_in_them() {
    let handler = |_: Context, _: Request| async {
        Ok(Response::events(|mut events| async move {
            events.send(Event::comment("on")).await?;
            let event = Event::data("a\nb\r\nc\rd").id("1\n2").name("x");
            events.send(event.retry(Duration::from_secs(2))).await
        }))
    };
    let client = memory::Client::new(App::new().get("/", handler)).unwrap();
    let response = client.get("/");
    let text = std::str::from_utf8(response.body().as_bytes().unwrap()).unwrap();
    assert_eq!(
        text,
        ": on\n\nid: 1\nid: 2\nevent: x\nretry: 2000\ndata: a\ndata: b\ndata: c\ndata: d\n\n"
    );
}

#[test]
fn time_passes_when_all_wait_for_it() {
    async fn handler(cx: Context, _req: Request) -> Result<Response> {
        let before = cx.clock().now();
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(3600));
        join(cx.sleep(short), cx.sleep(long)).await;
        assert_eq!(cx.clock().now() - before, long);
        match race(cx.sleep(long), cx.sleep(short)).await {
            Either::Second(()) => {}
            Either::First(()) => panic!("the longer one was first"),
        }
        assert!(cx.timeout(short, cx.sleep(long)).await.is_err());
        assert_eq!(cx.timeout(long, async { 7 }).await, Ok(7));
        Ok(Response::text("ok"))
    }
    let client = memory::Client::new(App::new().get("/", handler)).unwrap();
    assert_eq!(client.get("/").status().as_u16(), 200);
}

#[test]
fn the_error_before_the_first_chunk_is_the_makers_own() {
    let handler = |_: Context, _: Request| async {
        Ok(Response::stream("text/plain", |_out| async {
            Err(Error::new(ErrorKind::Conflict, "taken"))
        }))
    };
    let app = App::new()
        .get("/", handler)
        .with(guru_core::app::middleware::SecurityHeaders::default());
    let client = memory::Client::new(app).unwrap();
    let response = client.get("/");
    assert_eq!(response.status().as_u16(), 409);
    assert!(
        response.headers().get("x-content-type-options").is_some(),
        "middleware sees it"
    );
}

#[test]
fn a_stream_of_a_middleware_is_begun_like_a_handlers() {
    let stream = |_: Context, _: Request, _: Next| async {
        Ok(Response::stream("text/plain", |_out| async {
            Err(Error::new(ErrorKind::Conflict, "taken"))
        }))
    };
    let handler = |_: Context, _: Request| async { Ok(Response::text("ok")) };
    let client = memory::Client::new(App::new().get("/", handler).with(stream)).unwrap();
    assert_eq!(client.get("/").status().as_u16(), 409);
    let logged = client.log().take();
    assert!(logged.is_empty(), "it is the client's fault: {logged:?}");
}

#[test]
fn a_chunk_whose_send_was_given_up_is_not_lost() {
    async fn handler(cx: Context, _req: Request) -> Result<Response> {
        Ok(Response::stream("text/plain", move |mut out| async move {
            let second = Duration::from_secs(1);
            // The timer rings in the poll in which the chunk is put there.
            let _ = cx
                .timeout(second, async {
                    cx.sleep(second).await;
                    out.send("a").await
                })
                .await;
            out.send("b").await
        }))
    }
    let client = memory::Client::new(App::new().get("/", handler)).unwrap();
    assert_eq!(client.get("/").body().as_bytes(), Some(&b"ab"[..]));
}

#[test]
fn a_size_that_is_not_kept_is_in_the_log() {
    let handler = |_: Context, _: Request| async {
        Ok(Response::sized_stream(
            "text/plain",
            3,
            |mut out| async move {
                out.send("ab").await?;
                out.send("c").await?;
                out.send("d").await
            },
        ))
    };
    let client = memory::Client::new(App::new().get("/", handler)).unwrap();
    assert!(client.try_send(get("/")).is_err());
    let logged = client.log().take();
    assert!(
        logged.last().unwrap().message.contains("more bytes"),
        "{logged:?}"
    );
}

#[test]
fn whoever_leaves_drops_what_the_maker_holds() {
    let held = Rc::new(());
    let kept = Rc::clone(&held);
    let handler = move |_: Context, _: Request| {
        let kept = Rc::clone(&kept);
        async move {
            Ok(Response::stream("text/plain", move |mut out| async move {
                let _kept = kept;
                loop {
                    out.send("x").await?;
                }
            }))
        }
    };
    let client = memory::Client::new(App::new().get("/", handler)).unwrap();
    let response = client.block_on(client.start(get("/")));
    assert_eq!(Rc::strong_count(&held), 3);
    drop(response);
    assert_eq!(Rc::strong_count(&held), 2);
}
