//! Streams and time, as a handler uses them and as an adapter reads them.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use guru_core::time::{Either, join, race};
use guru_core::{
    App, Body, Context, Error, ErrorKind, Event, Method, Next, Request, Response, Result, Uri,
    http, memory,
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

/// A body that comes in these chunks, and how many were asked for.
struct Arriving(std::collections::VecDeque<&'static str>, Rc<Cell<usize>>);

impl http::Chunks for Arriving {
    fn poll_chunk(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<bytes::Bytes, http::Error>>> {
        self.1.set(self.1.get() + 1);
        std::task::Poll::Ready(self.0.pop_front().map(|chunk| Ok(chunk.into())))
    }
}

fn post(target: &str, chunks: &[&'static str], size: Option<u64>) -> (Request, Rc<Cell<usize>>) {
    let asked = Rc::new(Cell::new(0));
    let arriving = Arriving(chunks.iter().copied().collect(), Rc::clone(&asked));
    let body = match size {
        Some(size) => Body::sized_stream(size, arriving),
        None => Body::stream(arriving),
    };
    let uri = Uri::parse(target).unwrap();
    let request = Request::new(Method::POST, uri);
    (request.with_body(body), asked)
}

#[test]
fn a_body_that_arrives_is_limited_as_it_comes() {
    use guru_core::app::middleware::BodyLimit;
    use guru_core::app::{limited, unlimited};

    async fn whole(_cx: Context, mut req: Request) -> Result<Response> {
        Ok(Response::text(req.bytes().await?))
    }
    async fn unread(_cx: Context, _req: Request) -> Result<Response> {
        Ok(Response::text("unread"))
    }
    async fn relay(_cx: Context, mut req: Request) -> Result<Response> {
        Ok(req.take_body().into())
    }
    let app = App::new()
        .body_limit(4)
        .with(BodyLimit::new(2).under("/small"))
        .post("/", whole)
        .post("/small", unlimited(whole))
        .post("/limited", limited(6, whole))
        .post("/unlimited", unlimited(whole))
        .post("/unread", unread)
        .post("/relay", unlimited(relay));
    let client = memory::Client::new(app).unwrap();
    let long = ["ab", "cd", "ef", "g"];
    for (target, chunks, size, status, text, asked) in [
        ("/", &long[..2], None, 200, "abcd", 3),
        ("/", &long[..2], Some(4), 200, "abcd", 3),
        ("/", &long[..3], None, 413, "", 3),
        ("/", &long[..3], Some(6), 413, "", 0),
        ("/", &long[..1], Some(6), 413, "", 0),
        ("/", &long[..1], Some(3), 400, "", 2),
        ("/", &long[..2], Some(3), 400, "", 2),
        ("/", &[], None, 200, "", 1),
        ("/small", &long[..1], None, 200, "ab", 2),
        ("/small", &long[..2], None, 413, "", 2),
        ("/small", &long[..2], Some(4), 413, "", 0),
        ("/limited", &long[..3], None, 200, "abcdef", 4),
        ("/limited", &long, None, 413, "", 4),
        ("/unlimited", &long, None, 200, "abcdefg", 5),
        ("/unlimited", &long, Some(7), 200, "abcdefg", 5),
        ("/unread", &long, None, 200, "unread", 0),
        ("/unread", &long, Some(7), 413, "", 0),
        ("/relay", &long, None, 200, "abcdefg", 5),
    ] {
        let case = format!("{target} {chunks:?} {size:?}");
        let (request, seen) = post(target, chunks, size);
        let response = client.send(request);
        assert_eq!(response.status().as_u16(), status, "{case}");
        if status == 200 {
            assert_eq!(response.body().as_bytes(), Some(text.as_bytes()), "{case}");
        }
        assert_eq!(seen.get(), asked, "{case}");
    }
}

#[test]
fn a_server_without_room_for_a_body_is_asked_again() {
    struct Full;
    impl http::Chunks for Full {
        fn poll_chunk(
            self: std::pin::Pin<&mut Self>,
            _cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<bytes::Bytes, http::Error>>> {
            let full = http::Error::new(http::ErrorKind::NoRoom);
            std::task::Poll::Ready(Some(Err(full)))
        }
    }
    async fn read(_cx: Context, mut req: Request) -> Result<Response> {
        Ok(Response::text(req.bytes().await?))
    }
    let client = memory::Client::new(App::new().post("/", read)).unwrap();
    let request = Request::new(Method::POST, Uri::parse("/").unwrap());
    let response = client.send(request.with_body(Body::stream(Full)));
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers().get_str("retry-after"), Some("1"));
}
