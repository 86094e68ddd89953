//! Events of every sender to requests, and responses to JSON.

mod characters;
mod malformed;
mod others;
mod samples;
mod size;

use std::path::Path;

use bytes::Bytes;
use http::header::HeaderMap;
use serde_json::{Value, json};

use crate::convert::request;
use crate::encode::Answer;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Kind};

/// The kind of an event, its request, and the client's address.
type Read = (Kind, http::Request<Bytes>, Option<String>);

fn parse(event: &Value) -> Event {
    parse_text(&event.to_string())
}

/// Parses an event as the library that speaks to Lambda does.
fn parse_text(event: &str) -> Event {
    let mut reader = serde_json::Deserializer::from_str(event);
    serde_path_to_error::deserialize(&mut reader).unwrap()
}

/// The request of an event, which must be from a known sender; or why the request is refused.
fn try_read(event: &Value, mount: &str) -> Result<Result<Read, guru_core::Error>, Error> {
    let mut event = parse(event);
    let kind = event.kind()?;
    let read = request(&mut event, kind, mount);
    Ok(read.map(|(request, ip)| (kind, request, ip.map(|ip| ip.to_string()))))
}

fn read(event: Value, mount: &str) -> Result<Read, Error> {
    try_read(&event, mount).map(|read| read.unwrap_or_else(|why| panic!("{why}: {event}")))
}

fn file(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a [u8]> {
    headers
        .get_all(name)
        .iter()
        .map(http::HeaderValue::as_bytes)
        .collect()
}

#[test]
fn a_captured_request_arrives_as_it_was_sent() {
    let all = [
        ("apigwv1-request.json", Kind::Rest),
        ("apigwv2-request.json", Kind::Http),
        ("functionurl-request.json", Kind::FunctionUrl),
        ("alb-request.json", Kind::LoadBalancer { has_lists: true }),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    for (name, kind) in all {
        let (found, request, ip) = read(file(&folder.join(name)), "").unwrap();
        assert_eq!(found, kind, "{name}");
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri().path(), "/capture/space%20value", "{name}");
        let mut query: Vec<_> = form_urlencoded::parse(request.uri().query().unwrap().as_bytes())
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        query.sort();
        let wanted = [
            "empty: ",
            "encodedPlus: a+b",
            "literalPlus: a b",
            "redirect: https://example.com/a/b",
            "repeat: one",
            "repeat: two",
        ];
        assert_eq!(query, wanted, "{name}");
        let has_lists = matches!(kind, Kind::Rest | Kind::LoadBalancer { .. });
        let probes: &[&[u8]] = if has_lists {
            &[b"first", b"second"]
        } else {
            &[b"first,second"]
        };
        assert_eq!(values(request.headers(), "x-voker-probe"), probes, "{name}");
        let cookies: &[&[u8]] = &[b"session=abc123; theme=dark"];
        assert_eq!(values(request.headers(), "cookie"), cookies, "{name}");
        let length: &[&[u8]] = &[b"66"];
        assert_eq!(
            values(request.headers(), "content-length"),
            length,
            "{name}"
        );
        let body = r#"{"message":"hello from the public internet","unicode":"lambda-λ"}"#;
        assert_eq!(request.body(), body, "{name}");
        assert_eq!(ip.as_deref(), Some("68.8.83.18"), "{name}");
    }
}

#[test]
fn what_sam_generates_is_read() {
    let all = [
        (
            "apigateway-aws-proxy.json",
            Kind::Rest,
            "foo=bar",
            Some("127.0.0.1"),
        ),
        (
            "apigateway-http-api-proxy.json",
            Kind::Http,
            "parameter1=value1&parameter1=value2&parameter2=value",
            // SAM generates a network where AWS has an address.
            None,
        ),
        (
            "alb-request.json",
            Kind::LoadBalancer { has_lists: false },
            "query=1234ABCD",
            Some("72.12.164.125"),
        ),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generated");
    for (name, kind, query, address) in all {
        let (found, request, ip) = read(file(&folder.join(name)), "").unwrap();
        assert_eq!(found, kind, "{name}");
        assert_eq!(request.method(), "POST", "{name}");
        assert_eq!(request.uri().path(), "/path/to/resource", "{name}");
        assert_eq!(request.uri().query(), Some(query), "{name}");
        assert_eq!(request.body(), r#"{"test":"body"}"#, "{name}");
        assert_eq!(ip.as_deref(), address, "{name}");
    }
    let error = read(file(&folder.join("s3-put.json")), "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownEvent);
}

fn http(path: &str, stage: &str) -> Value {
    json!({
        "rawPath": path, "rawQueryString": "", "headers": {},
        "requestContext": {"stage": stage, "http": {"method": "GET", "sourceIp": "::1"}},
    })
}

fn rest(path: &str, resource: &str, proxy: &str) -> Value {
    json!({
        "resource": resource, "path": path, "httpMethod": "GET", "multiValueHeaders": {},
        "pathParameters": {"proxy": proxy}, "requestContext": {"stage": "prod"},
    })
}

#[test]
fn only_the_function_s_own_path_is_left() {
    let cases = [
        (http("/prod/", "prod"), "", "/"),
        (http("/prod", "prod"), "", "/"),
        (http("/prod/a b", "prod"), "", "/a%20b"),
        (http("/prod/100%/é?#", "prod"), "", "/100%25/%C3%A9%3F%23"),
        (http("/prod/app/x", "prod"), "/app", "/x"),
        (http("/app", "$default"), "app/", "/"),
        (http("/application", "$default"), "/app", "/application"),
        (http("", "$default"), "", "/"),
        (rest("/v1/a%2Fb", "/{proxy+}", "a%2Fb"), "", "/a%2Fb"),
        (rest("/a%zz", "/{proxy+}", "a%zz"), "", "/a%zz"),
    ];
    for (event, mount, wanted) in cases {
        let (_, request, _) = read(event.clone(), mount).unwrap();
        assert_eq!(request.uri().path(), wanted, "{event}");
    }
}

#[test]
fn a_load_balancer_vouches_for_the_last_address_only() {
    for (forwarded, wanted) in [
        ("6.6.6.6, 203.0.113.7", Some("203.0.113.7")),
        ("203.0.113.7", Some("203.0.113.7")),
        ("6.6.6.6, 203.0.113.7:44321", Some("203.0.113.7")),
        ("6.6.6.6, unknown", None),
    ] {
        let event = json!({
            "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/",
            "headers": {"x-forwarded-for": forwarded}, "queryStringParameters": {"a": "1%202"}, "body": "",
        });
        let (kind, request, ip) = read(event, "").unwrap();
        assert_eq!(kind, Kind::LoadBalancer { has_lists: false });
        assert_eq!(request.uri().query(), Some("a=1%202"));
        assert_eq!(ip.as_deref(), wanted, "{forwarded}");
    }
}

fn answer(kind: Kind) -> Value {
    let response = http::Response::builder()
        .status(201)
        .header("set-cookie", "a=1; Expires=Mon, 01 Jan 2035")
        .header("x-many", "1")
        .header("set-cookie", "b=2")
        .header("x-many", "2")
        .body(Bytes::from_static(b"\xff"))
        .unwrap();
    serde_json::to_value(Answer::new(kind, response)).unwrap()
}

#[test]
fn each_sender_reads_an_answer_of_its_own() {
    let cookies = json!(["a=1; Expires=Mon, 01 Jan 2035", "b=2"]);
    let lists = json!({"set-cookie": cookies, "x-many": ["1", "2"]});
    let body = |mut answer: Value| {
        answer["body"] = "/w==".into();
        answer["isBase64Encoded"] = true.into();
        answer
    };
    assert_eq!(
        answer(Kind::Rest),
        body(json!({"statusCode": 201, "multiValueHeaders": lists}))
    );
    for kind in [Kind::Http, Kind::FunctionUrl] {
        assert_eq!(
            answer(kind),
            body(json!({"statusCode": 201, "headers": {"x-many": "1, 2"}, "cookies": cookies}))
        );
    }
    let status = "201 Created";
    assert_eq!(
        answer(Kind::LoadBalancer { has_lists: true }),
        body(json!({"statusCode": 201, "statusDescription": status, "multiValueHeaders": lists}))
    );
    let singles = json!({"set-cookie": cookies[0], "Set-cookie": cookies[1], "x-many": "1, 2"});
    for kind in [Kind::LoadBalancer { has_lists: false }, Kind::Lattice] {
        assert_eq!(
            answer(kind),
            body(json!({"statusCode": 201, "statusDescription": status, "headers": singles}))
        );
    }
}
