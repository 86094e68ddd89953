//! What stands around the routes: the middleware in the box. It must not know a socket.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use guru_core::app::middleware::{Cors, RequestLog, SecurityHeaders};
use guru_core::{App, Context, Method, Request, Response, Result, Status, Uri, memory};

fn client(app: App) -> memory::Client {
    memory::Client::new(app).unwrap()
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
    let method = Method::parse(method.as_bytes()).unwrap();
    let request = Request::new(method, Uri::parse(target).unwrap());
    headers.iter().fold(request, |request, (name, value)| {
        request.with_header(name, value).unwrap()
    })
}

async fn ok(cx: Context, _req: Request) -> Result<Response> {
    cx.log().debug("handled", &[]);
    Ok(Response::text("ok").with_header("x-frame-options", "SAMEORIGIN")?)
}

#[test]
fn request_log_says_what_was_answered_and_how_long_it_took() {
    let clock: Rc<OnceCell<memory::Clock>> = Rc::default();
    let shared = Rc::clone(&clock);
    let work = move |cx: Context, req: Request| {
        if let Some(clock) = shared.get() {
            clock.advance(Duration::from_millis(5));
        }
        ok(cx, req)
    };
    let client = client(App::new().get("/", work).with(RequestLog));
    clock.set(client.clock().clone()).unwrap();
    let _ = client.get("/?secret=1");
    let _ = client.get("/nope");
    let entries = client.log().take();
    let fields: Vec<_> = entries
        .iter()
        .filter(|entry| entry.message == "answered")
        .map(|entry| {
            entry
                .fields
                .iter()
                .map(|(_, value)| &**value)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(fields, ["GET / 200 5", "GET /nope 404 0"]);
}

#[test]
fn security_headers_are_set_where_the_handler_has_not() {
    let client = client(App::new().get("/", ok).with(SecurityHeaders::new()));
    let response = client.get("/");
    assert_eq!(response.headers().get_all("x-frame-options").count(), 1);
    assert_eq!(
        response.headers().get_str("x-frame-options"),
        Some("SAMEORIGIN")
    );
    assert_eq!(
        client
            .get("/nope")
            .headers()
            .get_str("x-content-type-options"),
        Some("nosniff")
    );
    let open = SecurityHeaders::new()
        .content_security_policy("default-src 'self'")
        .strict_transport_security(None);
    let response = self::client(App::new().get("/", ok).with(open)).get("/");
    assert_eq!(
        response.headers().get_str("content-security-policy"),
        Some("default-src 'self'")
    );
    assert!(!response.headers().contains("strict-transport-security"));
}

#[test]
fn cors_opens_to_the_origins_that_are_named() {
    let cors = Cors::new()
        .allow_origin("https://a.example")
        .allow_credentials()
        .allow_methods(&[Method::GET, Method::DELETE])
        .allow_headers(&["content-type", "x-key"])
        .expose_headers(&["x-count"])
        .max_age(Duration::from_secs(60));
    let client = client(App::new().get("/", ok).with(cors));
    let preflight = |origin| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "DELETE"),
        ];
        client.send(request("OPTIONS", "/", &headers))
    };
    let response = preflight("https://a.example");
    assert_eq!(response.status(), Status::NO_CONTENT);
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, DELETE"),
        ("access-control-allow-headers", "content-type, x-key"),
        ("access-control-max-age", "60"),
        ("vary", "origin"),
    ] {
        assert_eq!(response.headers().get_str(name), Some(value), "{name}");
    }
    let refused = preflight("https://b.example");
    assert_eq!(refused.status(), Status::METHOD_NOT_ALLOWED);
    assert!(!refused.headers().contains("access-control-allow-origin"));
    assert_eq!(refused.headers().get_str("vary"), Some("origin"));

    let response = client.send(request("GET", "/nope", &[("origin", "https://a.example")]));
    assert_eq!(response.status(), Status::NOT_FOUND);
    assert_eq!(
        response.headers().get_str("access-control-expose-headers"),
        Some("x-count")
    );
    assert!(
        !client
            .get("/")
            .headers()
            .contains("access-control-allow-origin")
    );
}

#[test]
fn cors_for_everyone_never_goes_with_credentials() {
    let open = client(App::new().get("/", ok).with(Cors::new().allow_any_origin()));
    let response = open.send(request("GET", "/", &[("origin", "https://a.example")]));
    assert_eq!(
        response.headers().get_str("access-control-allow-origin"),
        Some("*")
    );
    assert!(!response.headers().contains("vary"));

    let cors = Cors::new().allow_any_origin().allow_credentials();
    let closed = client(App::new().get("/", ok).with(cors));
    let response = closed.send(request("GET", "/", &[("origin", "https://a.example")]));
    assert!(!response.headers().contains("access-control-allow-origin"));
}
