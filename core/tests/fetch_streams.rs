//! What is fetched by streams: in both directions, no faster than it is read, and not for ever.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::cell::Cell;
use std::future::ready;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{self, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_core::http::{self, Body, Chunks};
use guru_core::ports::{self, Clock as _, FetchRequest};
use guru_core::{
    App, Context, Fetch, Invocation, Method, Ports, Request, Response, Result, Status, Uri, memory,
};

const API: &str = "http://api.example.com";

fn fetch(cx: &Context) -> Fetch {
    Fetch::new(cx, &[API], || unreachable!("a client in memory has a port"))
}

/// A client of an app that does this, and may fetch from this origin.
fn client<F>(run: fn(Context, Request) -> F, origin: App) -> memory::Client
where
    F: Future<Output = Result<Response>> + 'static,
{
    let client = memory::Client::new(App::new().any("/", run)).unwrap();
    client.origin(API, origin)
}

fn get() -> Request {
    Request::new(Method::GET, Uri::parse("/").unwrap())
}

fn text(answer: &Response) -> &str {
    std::str::from_utf8(answer.body().as_bytes().unwrap()).unwrap()
}

/// A port that answers at once.
struct Stub(fn() -> Response);

impl ports::Fetch for Stub {
    fn fetch(
        &self,
        _: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, ports::Error>>>> {
        Box::pin(ready(Ok((self.0)())))
    }
}

/// A context with this port, and with the driver's clock and log.
fn with(driver: &memory::Client, port: impl ports::Fetch + 'static) -> Context {
    let ports = Ports::new(
        memory::Random::seeded(0),
        driver.clock().clone(),
        driver.log().clone(),
        memory::Config::default(),
    );
    Context::new(Rc::new(ports.with_fetch(port)), Invocation::new("id"))
}

/// An origin whose stream makes three chunks, with such a pause before each of the last two.
fn origin(pause: u64, made: &Rc<Cell<u32>>) -> App {
    let made = Rc::clone(made);
    App::new().get("/", move |cx: Context, _: Request| {
        let made = Rc::clone(&made);
        ready(Ok(Response::stream(
            "text/plain",
            move |mut out| async move {
                for n in 0..3 {
                    if n > 0 {
                        cx.sleep(Duration::from_secs(pause)).await;
                    }
                    made.set(made.get() + 1);
                    out.send(format!("{n}")).await?;
                }
                Ok(())
            },
        )))
    })
}

async fn pass(cx: Context, _req: Request) -> Result<Response> {
    Ok(fetch(&cx).get(API).await?)
}

async fn collect(cx: Context, _req: Request) -> Result<Response> {
    let mut answer = fetch(&cx).get(API).await?;
    Ok(Response::text(answer.take_body().collect(1 << 20).await?))
}

#[test]
fn every_chunk_has_its_time() {
    for (pause, comes) in [(20, true), (40, false)] {
        let passed = client(pass, origin(pause, &Rc::default()));
        let answer = passed.try_send(get());
        let collected = client(collect, origin(pause, &Rc::default()));
        let whole = collected.get("/");
        if comes {
            assert_eq!(text(&answer.unwrap()), "012");
            assert_eq!(text(&whole), "012");
            continue;
        }
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), http::ErrorKind::AnswerBroken);
        assert_eq!(
            whole.status(),
            Status::BAD_GATEWAY,
            "not the client's fault"
        );
        for client in [passed, collected] {
            let logged = client.log().take();
            let message = &logged.last().unwrap().message;
            assert!(message.contains("came within 30000 ms"), "{message}");
        }
    }
}

#[test]
fn what_is_not_read_is_not_fetched() {
    let made = Rc::new(Cell::new(0));
    let client = client(pass, origin(0, &made));
    let mut answer = client.block_on(client.start(get()));
    assert_eq!(
        made.get(),
        1,
        "the first chunk says that there is an answer"
    );
    let mut body = answer.take_body();
    assert_eq!(client.block_on(body.chunk()).unwrap().unwrap(), "0");
    // Who reads slowly is not who sends slowly.
    let hour = Duration::from_secs(3600);
    client.block_on(client.clock().sleep(hour));
    assert_eq!(client.block_on(body.chunk()).unwrap().unwrap(), "1");
    drop(body);
    assert_eq!(made.get(), 2);
}

/// A body that does this at once.
struct Does(fn() -> Poll<Option<Result<Bytes, http::Error>>>);

impl Chunks for Does {
    fn poll_chunk(
        self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        (self.0)()
    }
}

#[test]
fn an_answer_that_breaks_before_it_begins_is_an_error_like_others() {
    let broken = || {
        let body = Does(|| Poll::Ready(Some(Err(http::Error::broken("reset")))));
        Response::new(Status::OK).with_body(Body::stream(body))
    };
    let silent = || Response::new(Status::OK).with_body(Body::stream(Does(|| Poll::Pending)));
    for (answer, status, reason) in [
        (broken as fn() -> Response, 502, "broke off: reset"),
        (silent, 504, "no more of it came within 30000 ms"),
    ] {
        let driver = memory::Client::new(App::new()).unwrap();
        let cx = with(&driver, Stub(answer));
        let service = App::new().get("/", pass).into_service().unwrap();
        let answer = driver.block_on(service.handle(cx.clone(), get()));
        assert_eq!(answer.status().as_u16(), status);
        let logged = driver.log().take();
        assert!(logged[0].message.contains(reason), "{logged:?}");

        let mut body = driver.block_on(fetch(&cx).get(API)).unwrap().take_body();
        let error = driver.block_on(body.chunk()).unwrap_err();
        assert_eq!(error.kind(), http::ErrorKind::AnswerBroken);
        assert!(error.to_string().contains(reason), "{error}");
        assert!(driver.block_on(body.chunk()).unwrap().is_none());
    }
}

/// As on most targets: a test must not see another.
#[test]
fn what_is_in_memory_is_read_as_a_stream() {
    let driver = memory::Client::new(App::new()).unwrap();
    let cx = with(&driver, Stub(|| Response::text("four")));
    let mut answer = driver.block_on(fetch(&cx).get(API)).unwrap();
    assert_eq!(answer.body().size(), Some(4));
    let body = answer.take_body();
    assert_eq!(driver.block_on(body.collect(4)).unwrap(), "four");

    let body = driver.block_on(fetch(&cx).get(API)).unwrap().take_body();
    let error = driver.block_on(body.collect(3)).unwrap_err();
    assert_eq!(error.kind(), http::ErrorKind::AnswerTooLarge);
    let error = guru_core::Error::from(error);
    assert_eq!(error.kind(), guru_core::ErrorKind::BadGateway);
}

/// Chunks that are there already.
struct Ready(Vec<&'static str>);

impl Chunks for Ready {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        Poll::Ready(self.0.pop().map(|chunk| Ok(chunk.into())))
    }
}

#[test]
fn an_upload_is_not_late_while_it_is_sent() {
    /// Takes longer for all than a request has, but not for a chunk.
    async fn slow(cx: Context, mut req: Request) -> Result<Response> {
        let mut body = req.take_body();
        while body.chunk().await?.is_some() {
            cx.sleep(Duration::from_secs(20)).await;
        }
        Ok(Response::text("done"))
    }
    async fn send(cx: Context, _req: Request) -> Result<Response> {
        let body = Body::stream(Ready(vec!["a", "b", "c", "d"]));
        Ok(fetch(&cx).post(API, body).await?)
    }
    let client = client(send, App::new().post("/", slow));
    assert_eq!(text(&client.send(get())), "done");
    assert_eq!(client.clock().now(), Duration::from_secs(80));
}

#[test]
fn content_streams_out_as_it_is_read() {
    let made = Rc::new(Cell::new(0));
    let read = Rc::new(Cell::new(0));
    struct Counted(Rc<Cell<u32>>);
    impl Chunks for Counted {
        fn poll_chunk(
            self: Pin<&mut Self>,
            _: &mut task::Context<'_>,
        ) -> Poll<Option<Result<Bytes, http::Error>>> {
            self.0.set(self.0.get() + 1);
            Poll::Ready((self.0.get() <= 3).then(|| Ok("x".into())))
        }
    }
    let (seen, at) = (Rc::clone(&read), Rc::clone(&made));
    let origin = App::new().post("/", move |_: Context, mut req: Request| {
        let (seen, at) = (Rc::clone(&seen), Rc::clone(&at));
        async move {
            let mut body = req.take_body();
            assert!(body.is_stream());
            while body.chunk().await?.is_some() {
                seen.set(seen.get() + 1);
                assert!(at.get() <= seen.get() + 1, "one ahead at most");
            }
            Ok(Response::text("done"))
        }
    });
    let handler = move |cx: Context, mut req: Request| async move {
        Ok(fetch(&cx).post(API, req.take_body()).await?)
    };
    let client = memory::Client::new(App::new().post("/", handler)).unwrap();
    let client = client.origin(API, origin);
    let answer = client.post("/", Body::stream(Counted(Rc::clone(&made))));
    assert_eq!(text(&answer), "done");
    assert_eq!(read.get(), 3);
}
