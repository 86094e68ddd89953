//! Other functions, in memory.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use bytes::Bytes;

use guru_core::http::{self, Chunks, Url};
use guru_core::memory::Client;
use guru_core::ports::{self, function_name};
use guru_core::{App, Atomic, Body, Context, Invoke, Method, Request, Response, Result, Uri};

/// What `guru::ports! { other_one: Invoke }` makes.
fn other_one(cx: &Context) -> Invoke {
    Invoke::new(cx, "other_one", |_| unreachable!("a test has its own"))
}

async fn pass(cx: Context, req: Request) -> Result<Response> {
    other_one(&cx).pass(req).await
}

async fn seen(_cx: Context, mut req: Request) -> Result<Response> {
    let headers = req.headers().iter();
    let headers = headers.map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)));
    let headers = headers.collect::<Vec<_>>().join(" ");
    let body = req.text().await?;
    let line = format!("{} {} {headers} {body}", req.method(), req.uri());
    Response::text(line)
        .with_header("connection", "x-gone")
        .and_then(|answer| answer.with_header("x-gone", "1"))?
        .with_header("x-kept", "1")
        .map_err(Into::into)
}

fn client() -> Client {
    let app = App::new().any("/{*rest}", pass).any("/", pass);
    Client::new(app).unwrap()
}

fn text(answer: &Response) -> String {
    String::from_utf8_lossy(answer.body().as_bytes().unwrap()).into_owned()
}

#[test]
fn a_request_and_its_answer_pass_as_they_are() {
    let client = client().function("other_one", App::new().any("/{*rest}", seen));
    let uri = Uri::parse("/a%2Fb//?x=1&x=%20").unwrap();
    let request = Request::new(Method::parse(b"PURGE").unwrap(), uri)
        .with_header("x-mine", "one")
        .and_then(|request| request.with_header("x-mine", "two"))
        .and_then(|request| request.with_header("connection", "x-hop"))
        .and_then(|request| request.with_header("x-hop", "1"))
        .and_then(|request| request.with_header("host", "mine.example"))
        .unwrap()
        .with_body("content");
    let answer = client.send(request);
    assert_eq!(
        text(&answer),
        "PURGE /a%2Fb//?x=1&x=%20 x-mine=one x-mine=two accept-encoding=identity host=other-one content"
    );
    assert_eq!(answer.headers().get_str("x-kept"), Some("1"));
    assert!(!answer.headers().contains("x-gone") && !answer.headers().contains("connection"));
}

#[test]
fn a_request_without_content_stays_one() {
    async fn size(_cx: Context, mut req: Request) -> Result<Response> {
        let body: Body = req.take_body();
        Ok(Response::text(format!(
            "{:?} {}",
            body.size(),
            body.is_stream()
        )))
    }
    let client = client().function("other_one", App::new().any("/", size));
    assert_eq!(text(&client.get("/")), "Some(0) false");
}

#[test]
fn what_a_function_answers_is_no_error() {
    let client = client().function("other_one", App::new());
    assert_eq!(client.get("/none").status().as_u16(), 404);
}

#[test]
fn errors_are_told_apart() {
    for (kind, status) in [
        (ports::ErrorKind::Unavailable, 503),
        (ports::ErrorKind::Connect, 502),
        (ports::ErrorKind::Broken, 502),
        (ports::ErrorKind::Timeout, 504),
        (ports::ErrorKind::Denied, 500),
    ] {
        let client = client().function_fails("other_one", kind);
        assert_eq!(client.get("/").status().as_u16(), status, "{kind:?}");
    }
    // Nobody has said where it is.
    assert_eq!(client().get("/").status().as_u16(), 503);
}

#[test]
fn a_path_leads_nowhere_else() {
    let client = client().function("other_one", App::new().any("/{*rest}", seen));
    for path in ["/a/../b", "/%2e%2e/b", "/.", "/a{b}"] {
        assert_eq!(client.get(path).status().as_u16(), 400, "{path}");
    }
}

#[test]
fn a_function_has_so_long() {
    async fn asks(cx: Context, _req: Request) -> Result<Response> {
        let other = other_one(&cx).with_timeout(Duration::from_secs(2));
        Ok(other.get("/slow").await?)
    }
    async fn slow(cx: Context, _req: Request) -> Result<Response> {
        cx.clock().sleep(Duration::from_secs(3)).await;
        Ok(Response::text("late"))
    }
    let client = Client::new(App::new().get("/", asks)).unwrap();
    let client = client.function("other_one", App::new().get("/slow", slow));
    assert_eq!(client.get("/").status().as_u16(), 504);
}

#[test]
fn a_name_is_what_vendors_take() {
    for port in ["metadata", "image_sizes", "A", "größe", "r#fn"] {
        let name = function_name(port);
        assert!(!name.contains('_'), "{name}");
    }
    assert_eq!(function_name("Image_Sizes2"), "image-sizes2");
    assert!(Url::parse(&format!("http://{}/", function_name("image_sizes"))).is_ok());
}

/// Longer than a name between two dots can be.
const LONG: &str = "a23456789_b23456789_c23456789_d23456789_e23456789_f23456789_g23456789";

/// A port may have a name that no host has.
#[test]
fn any_name_can_be_called() {
    async fn asks(cx: Context, _req: Request) -> Result<Response> {
        for name in ["größe", "metadata", "_a", "a_", "r#match", LONG] {
            let other = Invoke::new(&cx, name, |_| unreachable!("a test has its own"));
            let mut answer = other.post("/x?y=1", "x").await?;
            let said = answer.take_body().collect(1000).await?;
            assert!(said.starts_with(b"POST /x?y=1 "), "{name}");
        }
        Ok(Response::text("all"))
    }
    let mut client = Client::new(App::new().get("/", asks)).unwrap();
    for name in ["größe", "metadata", "_a", "a_", "r#match", LONG] {
        client = client.function(name, App::new().any("/{*rest}", seen));
    }
    assert_eq!(text(&client.get("/")), "all");
}

/// What is wrong with a request is its client's fault.
#[test]
fn content_that_is_too_large_is_the_client_s() {
    let app = App::new().any("/", pass).body_limit(3);
    let client = Client::new(app).unwrap();
    let client = client.function("other_one", App::new().any("/", seen));
    let stream = Body::stream(Two(2));
    let uri = Uri::parse("/").unwrap();
    let request = Request::new(Method::POST, uri).with_body(stream);
    assert_eq!(client.send(request).status().as_u16(), 413);
}

/// So many chunks of two bytes.
struct Two(u8);

impl Chunks for Two {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<std::result::Result<Bytes, http::Error>>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or_default();
        Poll::Ready(left.map(|_| Ok(Bytes::from_static(b"xx"))))
    }
}

/// A function that is called has all in memory, too: stores of its own, and the functions of the first.
#[test]
fn a_function_calls_the_next() {
    fn counts(cx: &Context) -> Atomic {
        Atomic::new(cx, "counts", |_| unreachable!("it is in memory"))
    }
    async fn middle(cx: Context, req: Request) -> Result<Response> {
        let count = counts(&cx).add("calls", 1).await?;
        let last = Invoke::new(&cx, "last", |_| unreachable!("a test has its own"));
        let mut answer = last.pass(req).await?;
        let said = answer.take_body().collect(1000).await?;
        Ok(Response::text(format!(
            "{count} {}",
            String::from_utf8_lossy(&said)
        )))
    }
    async fn last(_cx: Context, _req: Request) -> Result<Response> {
        Ok(Response::text("last"))
    }
    let client = client()
        .function("other_one", App::new().get("/", middle))
        .function("last", App::new().get("/", last));
    client.store("counts").put("calls", "100");
    assert_eq!(text(&client.get("/")), "1 last");
    assert_eq!(text(&client.get("/")), "2 last");
}
