//! Handing the rest of a fetched answer over to the target: only where nothing is to be done with it but to pass it on.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::cell::Cell;
use std::future::{Future, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{self, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_core::http::{self, Body, Chunks, Url};
use guru_core::ports::{self, FetchRequest};
use guru_core::{
    App, Context, Fetch, Invocation, Method, Ports, Request, Response, Result, Uri, memory,
};

const API: &str = "http://api.example.com";

/// How long a chunk may take in these tests, which is not the default.
const PAUSE: Duration = Duration::from_secs(7);

fn fetch(cx: &Context) -> Fetch {
    Fetch::new(cx, &[API], || unreachable!("the context has a port"))
}

/// The content of an answer: two chunks, of which the target can pass on what is left.
struct Content {
    left: u8,
    /// How long a chunk may take, once it was handed over.
    released: Rc<Cell<Option<Duration>>>,
}

impl Chunks for Content {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        assert!(self.released.get().is_none(), "it is the target's by now");
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        Poll::Ready(is_left.then(|| Ok(Bytes::from_static(b"four"))))
    }

    fn release(self: Pin<&mut Self>, pause: Duration) -> bool {
        self.released.set(Some(pause));
        true
    }
}

/// A server whose answers have this content, and say its size or not.
struct Server(Rc<Cell<Option<Duration>>>, bool);

impl ports::Fetch for Server {
    fn fetch(
        &self,
        _: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, ports::Error>>>> {
        let content = Content {
            left: 2,
            released: Rc::clone(&self.0),
        };
        let body = match self.1 {
            true => Body::sized_stream(8, content),
            false => Body::stream(content),
        };
        Box::pin(ready(Ok(Response::text("").with_body(body))))
    }
}

async fn answer(cx: &Context) -> Result<Response> {
    let request = FetchRequest::new(Method::GET, Url::parse(API)?).with_timeout(PAUSE);
    Ok(fetch(cx).send(request).await?)
}

async fn passed(cx: Context, _req: Request) -> Result<Response> {
    answer(&cx).await
}

async fn limited(cx: Context, _req: Request) -> Result<Response> {
    let mut answer = answer(&cx).await?;
    let body = answer.take_body().limited(100)?;
    Ok(answer.with_body(body))
}

async fn with_more_to_do(cx: Context, _req: Request) -> Result<Response> {
    cx.wait_until(ready(Ok(())));
    answer(&cx).await
}

/// What a handler answers as a target gets it, which reads and passes on by itself.
fn answered<F>(
    driver: &memory::Client,
    handler: fn(Context, Request) -> F,
    server: Server,
) -> Response
where
    F: Future<Output = Result<Response>> + 'static,
{
    let ports = Ports::new(
        memory::Random::seeded(0),
        driver.clock().clone(),
        driver.log().clone(),
        memory::Config::default(),
    )
    .with_fetch(server);
    let cx = Context::new(Rc::new(ports), Invocation::new("id"));
    let service = App::new().get("/", handler).into_service().unwrap();
    let request = Request::new(Method::GET, Uri::parse("/").unwrap());
    driver.block_on(service.handle(cx, request))
}

/// What becomes of an answer that a handler passes on: its chunks up to where the target takes it over, and with which pause.
fn read<F>(handler: fn(Context, Request) -> F, is_sized: bool) -> (String, Option<Duration>)
where
    F: Future<Output = Result<Response>> + 'static,
{
    let released = Rc::default();
    let driver = memory::Client::new(App::new()).unwrap();
    let server = Server(Rc::clone(&released), is_sized);
    let mut body = answered(&driver, handler, server).take_body();
    let mut text = String::new();
    while !body.release()
        && let Some(chunk) = driver.block_on(body.chunk()).unwrap()
    {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    // Handed over or read to its end, there is nothing more, and nothing to hand over.
    assert!(driver.block_on(body.chunk()).unwrap().is_none());
    assert!(!body.release());
    (text, released.get())
}

#[test]
fn what_is_passed_on_is_the_targets_after_its_first_chunk() {
    for is_sized in [true, false] {
        assert_eq!(read(passed, is_sized), ("four".to_owned(), Some(PAUSE)));
    }
}

#[test]
fn what_is_counted_here_or_awaited_is_not_handed_over() {
    for is_sized in [true, false] {
        assert_eq!(read(limited, is_sized), ("fourfour".to_owned(), None));
        assert_eq!(
            read(with_more_to_do, is_sized),
            ("fourfour".to_owned(), None)
        );
    }
}

#[test]
fn a_known_size_that_is_one_chunk_is_in_memory() {
    async fn one(_cx: Context, _req: Request) -> Result<Response> {
        Ok(Response::sized_stream(
            "text/plain",
            4,
            |mut out| async move { out.send("four").await },
        ))
    }
    let driver = memory::Client::new(App::new()).unwrap();
    let answer = answered(&driver, one, Server(Rc::default(), false));
    assert_eq!(answer.body().as_bytes(), Some(&b"four"[..]));
}
