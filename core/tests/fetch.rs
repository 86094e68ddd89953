//! Fetching: which requests go out, what comes back and how long it takes, against origins in memory.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::cell::{Cell, RefCell};
use std::future::ready;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use guru_core::http::Url;
use guru_core::ports::{self, Clock as _, FetchRequest};
use guru_core::{
    App, Context, Error, ErrorKind, Fetch, Invocation, Method, Ports, Request, Response, Result,
    Status, memory,
};

const HOSTS: &[&str] = &["http://api.example.com", "http://127.0.0.1:*"];
const API: &str = "http://api.example.com";

fn fetch(cx: &Context) -> Fetch {
    Fetch::new(cx, HOSTS, || unreachable!("a client in memory has a port"))
}

/// A client of an app that does this, and may fetch from this origin.
fn client<F>(run: fn(Context, Request) -> F, origin: App) -> memory::Client
where
    F: Future<Output = Result<Response>> + 'static,
{
    let client = memory::Client::new(App::new().any("/", run)).unwrap();
    client.origin(API, origin)
}

/// What a context fetches of a port that is no origin.
fn with(port: impl ports::Fetch + 'static) -> Context {
    let ports = Ports::new(
        memory::Random::seeded(0),
        memory::Clock::default(),
        memory::Log::default(),
        memory::Config::default(),
    );
    Context::new(Rc::new(ports.with_fetch(port)), Invocation::new("id"))
}

/// Answers by a function, and keeps the requests.
#[derive(Clone)]
struct Stub(Rc<RefCell<Vec<FetchRequest>>>, fn() -> Response);

impl ports::Fetch for Stub {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, ports::Error>>>> {
        self.0.borrow_mut().push(request);
        Box::pin(ready(Ok((self.1)())))
    }
}

fn stub(answer: fn() -> Response) -> Stub {
    Stub(Rc::default(), answer)
}

/// Polls a future whose ports never make it wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    memory::Client::new(App::new()).unwrap().block_on(future)
}

fn text(answer: &Response) -> &str {
    std::str::from_utf8(answer.body().as_bytes().unwrap()).unwrap()
}

#[test]
fn what_is_sent_arrives_and_the_answer_comes_back() {
    async fn run(cx: Context, mut req: Request) -> Result<Response> {
        let url = Url::parse("http://API.example.com:80/a%2Fb?c=d+e#f")?;
        let request = FetchRequest::new(Method::parse(b"PURGE")?, url)
            .with_header("x", "1")?
            .with_header("X", b"\xff")?
            .with_body(req.take_body());
        Ok(fetch(&cx).send(request).await?)
    }
    let origin = App::new().any("/{*rest}", |cx: Context, mut req: Request| async move {
        assert_eq!(req.method().as_str(), "PURGE");
        assert_eq!(req.uri().to_string(), "/a%2Fb?c=d+e");
        assert_eq!(
            req.headers().get("host"),
            Some(&b"api.example.com"[..]),
            "{cx:?}"
        );
        let held: Vec<_> = req.headers().get_all("x").collect();
        assert_eq!(held, [&b"1"[..], b"\xff"]);
        let body = req.bytes().await?;
        let answer = Response::text(body).with_status(Status::CREATED);
        Ok(answer
            .with_header("set-cookie", "a=1")?
            .with_header("set-cookie", b"b=\xff")?)
    });
    let answer = client(run, origin).post("/", "content");
    assert_eq!(answer.status(), Status::CREATED);
    assert_eq!(answer.headers().get_all("set-cookie").count(), 2);
    assert_eq!(text(&answer), "content");
}

#[test]
fn headers_that_are_the_targets_are_left_out() {
    let port = stub(|| {
        let answer = Response::text("ok").with_header("connection", "x-hop");
        answer
            .and_then(|answer| answer.with_header("x-hop", "1"))
            .unwrap()
    });
    let cx = with(port.clone());
    let request = |fields: &[(&str, &str)]| {
        let mut request = FetchRequest::new(Method::POST, Url::parse(API).unwrap());
        for (name, value) in fields {
            request.headers_mut().append(name, value).unwrap();
        }
        request
    };
    let sent = |fields| {
        let answer = now(fetch(&cx).send(request(fields))).unwrap();
        assert_eq!(answer.headers().len(), 1, "hop-by-hop headers end here");
        let sent = port.0.borrow_mut().pop().unwrap();
        let fields = sent.headers().iter();
        fields
            .map(|(name, value)| format!("{name}: {}", value.escape_ascii()))
            .collect::<Vec<_>>()
    };
    assert_eq!(sent(&[]), ["accept-encoding: identity"]);
    let fields = [
        ("host", "evil.com"),
        ("Content-Length", "7"),
        ("expect", "100-continue"),
        ("connection", "close, x-mine"),
        ("x-mine", "1"),
        ("te", "trailers"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("accept-encoding", "gzip"),
        ("cookie", "a=1"),
    ];
    assert_eq!(sent(&fields), ["accept-encoding: gzip", "cookie: a=1"]);
}

#[test]
fn what_is_not_declared_is_not_asked() {
    let port = stub(|| unreachable!("it is refused before"));
    let cx = with(port.clone());
    for (url, kind) in [
        ("http://evil.com/secret", ports::ErrorKind::Denied),
        ("https://api.example.com/secret", ports::ErrorKind::Denied),
        ("http://api.example.com:81/secret", ports::ErrorKind::Denied),
        ("http://a.api.example.com/secret", ports::ErrorKind::Denied),
        ("http://169.254.169.254/secret", ports::ErrorKind::Denied),
        (
            "http://api.example.com@evil.com/secret",
            ports::ErrorKind::Invalid,
        ),
        ("/secret", ports::ErrorKind::Invalid),
    ] {
        for error in [
            now(fetch(&cx).get(url)).unwrap_err(),
            now(fetch(&cx).post(url, "content")).unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
            assert_eq!(Error::from(error).kind(), ErrorKind::Internal);
        }
    }
    let error = now(fetch(&cx).get("http://evil.com:81/")).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("\"http://evil.com:81\""), "{message}");
    let tunnel = FetchRequest::new(Method::CONNECT, Url::parse(API).unwrap());
    let error = now(fetch(&cx).send(tunnel)).unwrap_err();
    assert_eq!(error.kind(), ports::ErrorKind::Invalid);
}

#[test]
fn a_failure_has_a_status() {
    async fn run(cx: Context, _req: Request) -> Result<Response> {
        Ok(fetch(&cx).get(API).await?)
    }
    for (kind, status) in [
        (ports::ErrorKind::Dns, 502),
        (ports::ErrorKind::Connect, 502),
        (ports::ErrorKind::Tls, 502),
        (ports::ErrorKind::Broken, 502),
        (ports::ErrorKind::Timeout, 504),
        (ports::ErrorKind::Unavailable, 503),
        (ports::ErrorKind::Denied, 500),
        (ports::ErrorKind::Invalid, 500),
        (ports::ErrorKind::Other, 502),
    ] {
        let client = client(run, App::new()).failing_origin(API, kind);
        let answer = client.get("/");
        assert_eq!(answer.status().as_u16(), status, "{kind:?}");
        assert!(!text(&answer).contains("example.com"), "{}", text(&answer));
        assert!(client.log().take()[0].message.contains(API));
    }
    let nowhere = memory::Client::new(App::new().get("/", run)).unwrap();
    assert_eq!(nowhere.get("/").status(), Status::BAD_GATEWAY);
    assert!(nowhere.log().take()[0].message.contains("origin"));
}

#[test]
fn an_answer_that_does_not_come_is_given_up() {
    struct Noted(Rc<Cell<bool>>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    async fn run(cx: Context, req: Request) -> Result<Response> {
        let mut request = FetchRequest::new(Method::GET, Url::parse(API)?);
        if req.uri().query() == Some("longer") {
            request = request.with_timeout(Duration::from_secs(40));
        }
        Ok(fetch(&cx).send(request).await?)
    }
    let is_dropped = Rc::new(Cell::new(false));
    let dropped = Rc::clone(&is_dropped);
    let slow = move |cx: Context, _: Request| {
        let noted = Noted(Rc::clone(&dropped));
        async move {
            let _noted = noted;
            cx.sleep(Duration::from_secs(31)).await;
            Ok(Response::text("late"))
        }
    };
    let client = client(run, App::new().get("/", slow));
    assert_eq!(client.get("/").status(), Status::GATEWAY_TIMEOUT);
    assert_eq!(client.clock().now(), ports::TIMEOUT);
    assert!(is_dropped.get(), "who gives up cancels");
    assert!(client.log().take()[0].message.contains("within 30000 ms"));
    assert_eq!(text(&client.get("/?longer")), "late");
}

#[test]
fn a_trace_goes_on() {
    async fn run(cx: Context, req: Request) -> Result<Response> {
        let request = FetchRequest::new(Method::GET, Url::parse(API)?);
        let request = match req.headers().get("x-own") {
            Some(own) => request.with_header("traceparent", own)?,
            None => request,
        };
        Ok(fetch(&cx).send(request).await?)
    }
    let origin = App::new().get("/", |_: Context, req: Request| async move {
        let values = req.headers().get_all("traceparent");
        Ok(Response::text(values.collect::<Vec<_>>().join(&b' ')))
    });
    let client = client(run, origin);
    let sent = |fields: &[(&str, &str)]| {
        let mut request = Request::new(Method::GET, guru_core::Uri::parse("/").unwrap());
        for (name, value) in fields {
            request.headers_mut().append(name, value).unwrap();
        }
        text(&client.send(request)).to_owned()
    };
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let one = sent(&[("traceparent", trace)]);
    assert_eq!(one.len(), trace.len());
    assert_eq!((&one[..36], &one[52..]), (&trace[..36], "-01"));
    assert_ne!(one, trace, "the parent is another");
    assert_ne!(one, sent(&[("traceparent", trace)]));
    assert_eq!(sent(&[]), "");
    assert_eq!(sent(&[("traceparent", &trace[1..])]), "");
    let twice = [("traceparent", trace), ("traceparent", trace)];
    assert_eq!(sent(&twice), "");
    assert_eq!(sent(&[("traceparent", trace), ("x-own", "mine")]), "mine");
}

#[test]
fn a_port_is_made_once_and_only_where_there_is_none() {
    let ports = Ports::new(
        memory::Random::seeded(0),
        memory::Clock::default(),
        memory::Log::default(),
        memory::Config::default(),
    );
    let made = Cell::new(0);
    for _ in 0..2 {
        ports.fetch_or(|| {
            made.set(made.get() + 1);
            Rc::new(stub(|| Response::text("ok")))
        });
    }
    assert_eq!(made.get(), 1);
}

#[test]
fn origins_are_told_apart_by_scheme_host_and_port_and_may_ask_each_other() {
    const ALL: &[&str] = &["*://*:*"];
    let named = |name: &'static str| {
        App::new().get("/", move |_: Context, _: Request| {
            ready(Ok(Response::text(name)))
        })
    };
    let asks = App::new().get("/", |cx: Context, _: Request| async move {
        let port = || unreachable!("an origin has the same port");
        Ok(Fetch::new(&cx, ALL, port).get("https://a.com").await?)
    });
    let app = App::new().get("/", |cx: Context, req: Request| async move {
        let port = || unreachable!("a client in memory has a port");
        let url = req.uri().query().unwrap_or_default();
        Ok(Fetch::new(&cx, ALL, port).get(url).await?)
    });
    let client = memory::Client::new(app)
        .unwrap()
        .origin("http://a.com", named("replaced"))
        .origin("http://a.com/", named("http"))
        .origin("https://a.com", named("https"))
        .origin("http://a.com:8080", named("8080"))
        .origin("http://b.com", asks);
    for (url, name) in [
        ("http://A.com:80/", "http"),
        ("https://a.com:443/", "https"),
        ("http://a.com:8080/", "8080"),
        ("http://b.com/", "https"),
    ] {
        let answer = client.get(&format!("/?{url}"));
        assert_eq!(text(&answer), name);
    }
    assert_eq!(client.get("/?http://c.com/").status(), Status::BAD_GATEWAY);
}
