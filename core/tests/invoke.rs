//! Other functions, in memory.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::time::Duration;

use guru_core::http::Url;
use guru_core::memory::Client;
use guru_core::ports::{self, function_name};
use guru_core::{App, Body, Context, Invoke, Method, Request, Response, Result, Uri};

/// What `guru::ports! { other_one: Invoke }` makes.
fn other_one(cx: &Context) -> Invoke {
    Invoke::new(cx, "other_one", |_| unreachable!("a test has its own"))
}

async fn pass(cx: Context, mut req: Request) -> Result<Response> {
    let uri = Uri::parse(req.uri().to_string())?;
    let sent = Request::new(req.method().clone(), uri)
        .with_headers(req.headers().clone())
        .with_body(req.take_body());
    Ok(other_one(&cx).send(sent).await?)
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
    for path in ["/a/../b", "/%2e%2e/b", "/."] {
        assert_eq!(client.get(path).status().as_u16(), 500, "{path}");
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

/// A port may have a name that no host has.
#[test]
fn any_name_can_be_called() {
    async fn asks(cx: Context, _req: Request) -> Result<Response> {
        for name in ["größe", "metadata", "_a", "a_"] {
            let other = Invoke::new(&cx, name, |_| unreachable!("a test has its own"));
            other.post("/", "x").await?;
        }
        Ok(Response::text("all"))
    }
    let mut client = Client::new(App::new().get("/", asks)).unwrap();
    for name in ["größe", "metadata", "_a", "a_"] {
        client = client.function(name, App::new().any("/", seen));
    }
    assert_eq!(text(&client.get("/")), "all");
}
