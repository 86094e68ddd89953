//! What becomes of what a handler answers, and of errors. It must not know a socket.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::fmt;

use guru_core::app::middleware::BodyLimit;
use guru_core::http::Segment;
use guru_core::{
    App, Context, Error, ErrorKind, Invocation, Level, Method, Request, Response, Result, Service,
    Status, Uri, memory, ports,
};

fn client(app: App) -> memory::Client {
    memory::Client::new(app).unwrap()
}

fn body(response: &Response) -> &str {
    std::str::from_utf8(response.body().as_bytes().unwrap()).unwrap()
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
    let method = Method::parse(method.as_bytes()).unwrap();
    let request = Request::new(method, Uri::parse(target).unwrap());
    headers.iter().fold(request, |request, (name, value)| {
        request.with_header(name, value).unwrap()
    })
}

#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password is hunter2")
    }
}

impl std::error::Error for Broken {}

#[test]
fn a_fault_of_the_function_is_logged_and_not_told() {
    async fn fail(_cx: Context, _req: Request) -> Result<Response> {
        Err(Broken)?
    }
    let client = client(App::new().get("/", fail));
    let response = client.get("/");
    assert_eq!(response.status(), Status::INTERNAL_SERVER_ERROR);
    assert_eq!(
        body(&response),
        r#"{"status":"error","error":"internal server error","request_id":"request-1"}"#
    );
    let [entry] = &client.log().take()[..] else {
        panic!("one record")
    };
    assert_eq!(
        (entry.level, &*entry.message),
        (Level::Error, "the password is hunter2")
    );
    assert_eq!(entry.request_id.as_deref(), Some("request-1"));
}

#[test]
fn a_port_that_is_unavailable_is_503() {
    async fn fail(_cx: Context, _req: Request) -> Result<Response> {
        Err(ports::Error::new(
            ports::ErrorKind::Unavailable,
            "no such thing here",
        ))?
    }
    assert_eq!(
        client(App::new().get("/", fail)).get("/").status().as_u16(),
        503
    );
}

#[test]
fn a_fault_of_the_client_is_told() {
    async fn fail(_cx: Context, _req: Request) -> Result<Response> {
        let error = Error::new(ErrorKind::TooManyRequests, "slow \"down\"");
        Err(error.with_header("retry-after", "7")?)
    }
    let client = client(App::new().get("/", fail));
    let response = client.get("/");
    assert_eq!(response.status().as_u16(), 429);
    assert_eq!(response.headers().get_str("retry-after"), Some("7"));
    assert_eq!(
        response.headers().get_str("content-type"),
        Some("application/json")
    );
    assert_eq!(
        body(&response),
        r#"{"status":"error","error":"slow \"down\"","request_id":"request-1"}"#
    );
    assert_eq!(client.log().take(), []);
}

#[test]
fn only_what_any_wire_can_carry_leaves() {
    async fn odd(_cx: Context, req: Request) -> Result<Response> {
        let status = Status::new(req.param("status")?);
        let mut response = Response::text("body").with_status(status);
        for (name, value) in [
            ("connection", "close, X-Private"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("x-private", "1"),
            ("content-length", "999"),
            ("x-kept", "1"),
        ] {
            response.headers_mut().append(name, value)?;
        }
        Ok(response)
    }
    let client = client(App::new().get("/{status}", odd));
    for (status, expected, sent) in [
        (200, 200, "body"),
        (299, 299, "body"),
        (599, 599, "body"),
        (204, 204, ""),
        (205, 205, ""),
        (304, 304, ""),
    ] {
        let response = client.get(&format!("/{status}"));
        assert_eq!(
            (response.status().as_u16(), body(&response)),
            (expected, sent)
        );
        let names: Vec<_> = response.headers().iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["content-type", "x-kept"]);
    }
    for status in [0, 99, 100, 101, 199, 600, 65_535] {
        assert_eq!(
            client.get(&format!("/{status}")).status().as_u16(),
            500,
            "{status}"
        );
    }
}

#[test]
fn hop_by_hop_headers_do_not_reach_a_handler() {
    async fn names(_cx: Context, req: Request) -> Result<Response> {
        let names: Vec<_> = req
            .headers()
            .iter()
            .map(|(name, _)| name.to_owned())
            .collect();
        Ok(Response::text(names.join(" ")))
    }
    let headers = [
        ("Host", "a"),
        ("Connection", "x-mine, close"),
        ("TE", "gzip"),
        ("X-Mine", "1"),
        ("X", "2"),
    ];
    let response = client(App::new().get("/", names)).send(request("GET", "/", &headers));
    assert_eq!(body(&response), "host x");
}

#[test]
fn a_body_over_the_limit_is_413() {
    async fn length(_cx: Context, mut req: Request) -> Result<Response> {
        Ok(Response::text(req.bytes().await?.len().to_string()))
    }
    let app = App::new()
        .post("/", length)
        .post("/small", length)
        .body_limit(100)
        .with(BodyLimit::new(10).under("/small"));
    let client = client(app);
    for (target, size, expected) in [
        ("/", 100, 200),
        ("/", 101, 413),
        ("/small", 10, 200),
        ("/small", 11, 413),
        ("/%73mall", 11, 413),
        ("/smaller", 11, 404),
        ("/x", 101, 404),
    ] {
        let response = client.post(target, vec![0; size]);
        assert_eq!(response.status().as_u16(), expected, "{target} {size}");
    }
}

#[test]
fn a_segment_that_is_not_utf_8_is_the_client_s_fault() {
    async fn join(_cx: Context, req: Request) -> Result<Response> {
        let segments = req.rest().map(Segment::decode);
        Ok(Response::text(
            segments.collect::<Result<Vec<_>, _>>()?.join("+"),
        ))
    }
    let client = client(App::new().get("/{*rest}", join));
    assert_eq!(body(&client.get("/a%2Fb/c")), "a/b+c");
    assert_eq!(client.get("/a/%FF").status().as_u16(), 400);
    assert_eq!(client.log().take(), []);
}

#[test]
fn a_field_does_not_pass_for_what_the_record_says() {
    let fields = [("request_id", "forged".into()), ("count", 7.into())];
    let record = ports::Record::new(Level::Info, &"said", &fields).of_request("id-1");
    let line = ports::LogLine {
        time: Some("now"),
        record: &record,
    };
    assert_eq!(
        line.to_json(),
        r#"{"timestamp":"now","level":"info","message":"said","request_id":"id-1","field.request_id":"forged","count":7}"#
    );
}

#[test]
fn a_parameter_that_the_route_lacks_is_the_function_s_fault() {
    async fn typo(_cx: Context, req: Request) -> Result<Response> {
        Ok(Response::text(req.param::<String>("ib")?))
    }
    let client = client(App::new().get("/{id}", typo));
    assert_eq!(client.get("/7").status().as_u16(), 500);
    assert_eq!(
        client.log().take()[0].message,
        "the route \"/{id}\" has no parameter `ib`"
    );
}

#[test]
fn a_crash_is_a_500_with_the_id_alone() {
    let response = Service::crash("id-1", &Method::GET);
    assert_eq!(
        body(&response),
        r#"{"status":"error","error":"internal server error","request_id":"id-1"}"#
    );
    let head = Service::crash("id-1", &Method::HEAD);
    assert!(head.body().is_empty());
    let length = response.body().size().unwrap().to_string();
    assert_eq!(head.headers().get_str("content-length"), Some(&*length));
}

#[test]
fn a_request_can_be_refused_before_it_is_one() {
    let ports = ports::Ports::new(
        memory::Random::seeded(0),
        memory::Clock::default(),
        memory::Log::default(),
        memory::Config::default(),
    );
    let cx = Context::new(std::rc::Rc::new(ports), Invocation::new("id-1"));
    let response = Service::refuse(&cx, &Method::POST, ErrorKind::RequestTimeout.into());
    assert_eq!(response.status().as_u16(), 408);
}

/// A client that asked for a tunnel takes any 2xx for one (RFC 9110, section 9.3.6).
#[test]
fn connect_is_refused_whatever_is_routed() {
    async fn ok(_cx: Context, _req: Request) -> Result<Response> {
        Ok(Response::text("ok"))
    }
    let client = client(App::new().any("/", ok).route(Method::CONNECT, "/x", ok));
    for target in ["/", "/x", "/none"] {
        let response = client.send(request("CONNECT", target, &[]));
        assert_eq!(response.status().as_u16(), 400, "{target}");
    }
}
