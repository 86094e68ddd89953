//! From a request to the event that a function is sent, as each front makes it. It must not know what
//! becomes of an event.
//!
//! Made after live captures of one request behind each front, and after
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html> and
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Front;

/// What belongs to a connection; no front passes it on.
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The path as the client sent it, without the stage; `None` when that is missing.
pub(crate) fn path(front: Front, uri: &http::Uri) -> Option<&str> {
    let path = uri.path();
    let Some(stage) = front.stage() else {
        return Some(path);
    };
    match path.strip_prefix('/')?.strip_prefix(stage)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

/// The event of a request to `path`.
pub(crate) fn event(
    front: Front,
    request: &http::Request<Bytes>,
    path: &str,
    client: IpAddr,
) -> Value {
    let (headers, body) = (headers(front, request, client), request.body());
    match front {
        Front::Rest => rest(request, path, &headers, body, client),
        Front::Http | Front::Url => version_2(front, request, path, &headers, body, client),
        Front::Alb | Front::AlbSingle => balanced(front, request, path, &headers, body),
    }
}

/// Names and values as a front passes them on.
type Headers = BTreeMap<String, Vec<String>>;

fn headers(front: Front, request: &http::Request<Bytes>, client: IpAddr) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in request.headers() {
        if !HOP_BY_HOP.contains(&name.as_str()) {
            // JSON has no bytes: what is not UTF-8 is lost before a function can see it.
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.as_str().into()).or_default().push(value);
        }
    }
    // Each appends the address it sees to what the client has sent.
    let forwarded = headers.entry("x-forwarded-for".into()).or_default();
    forwarded.push(client.to_string());
    *forwarded = vec![forwarded.join(", ")];
    headers.insert("x-forwarded-proto".into(), vec!["http".into()]);
    headers.insert("x-forwarded-port".into(), vec!["80".into()]);
    let trace = format!("Root=1-{}", Uuid::new_v4().simple());
    headers.insert("x-amzn-trace-id".into(), vec![trace]);
    // The captures have none behind a REST API, and behind the others that of the whole body.
    headers.remove("content-length");
    let has_length = request.headers().contains_key(header::CONTENT_LENGTH);
    if front != Front::Rest && (has_length || !request.body().is_empty()) {
        let length = request.body().len().to_string();
        headers.insert("content-length".into(), vec![length]);
    }
    headers
}

fn rest(
    request: &http::Request<Bytes>,
    path: &str,
    headers: &Headers,
    body: &Bytes,
    client: IpAddr,
) -> Value {
    let query = request.uri().query().unwrap_or_default();
    let mut decoded = Headers::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        decoded
            .entry(name.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    let rest = path.strip_prefix('/').unwrap_or(path);
    let (resource, parameters) = match rest {
        "" => ("/", Value::Null),
        rest => ("/{proxy+}", json!({ "proxy": rest })),
    };
    json!({
        "resource": resource,
        "path": path,
        "httpMethod": request.method().as_str(),
        "headers": last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": or_null(last(&decoded)),
        "multiValueQueryStringParameters": if decoded.is_empty() { Value::Null } else { json!(decoded) },
        "pathParameters": parameters,
        "stageVariables": null,
        "requestContext": {
            "domainName": "gateway.execute-api.local.amazonaws.com",
            "httpMethod": request.method().as_str(),
            "identity": { "sourceIp": client, "userAgent": agent(request.headers()) },
            "path": format!("/prod{path}"),
            "protocol": "HTTP/1.1",
            "requestId": Uuid::new_v4(),
            "resourcePath": resource,
            "stage": "prod",
        },
        // With `*/*` as binary media type a REST API encodes every body.
        "body": if body.is_empty() { Value::Null } else { STANDARD.encode(body).into() },
        "isBase64Encoded": !body.is_empty(),
    })
}

fn version_2(
    front: Front,
    request: &http::Request<Bytes>,
    path: &str,
    headers: &Headers,
    body: &Bytes,
    client: IpAddr,
) -> Value {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let (raw, decoded, domain, stage) = match front {
        // The path is decoded, in spite of its name; the stage is part of it.
        Front::Http => {
            let decoded = format!("/prod{decoded}");
            let domain = "gateway.execute-api.local.amazonaws.com";
            (decoded.clone(), decoded, domain, "prod")
        }
        _ => {
            let domain = "gateway.lambda-url.local.on.aws";
            (path.to_owned(), decoded.into_owned(), domain, "$default")
        }
    };
    let mut headers: BTreeMap<&str, String> = headers
        .iter()
        .map(|(name, values)| (name.as_str(), values.join(",")))
        .collect();
    let sent = request.headers().get_all(header::COOKIE);
    let cookies = sent
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let cookies: Vec<_> = cookies
        .flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    if front == Front::Http {
        headers.remove("cookie");
    }
    let (text, is_base64) = body_of(request.headers(), body);
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw,
        "rawQueryString": request.uri().query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "domainName": domain,
            "http": {
                "method": request.method().as_str(),
                "path": decoded,
                "protocol": "HTTP/1.1",
                "sourceIp": client,
                "userAgent": agent(request.headers()),
            },
            "requestId": Uuid::new_v4(),
            "routeKey": "$default",
            "stage": stage,
        },
        "isBase64Encoded": is_base64,
    });
    if let Some(event) = event.as_object_mut() {
        if !cookies.is_empty() {
            event.insert("cookies".into(), json!(cookies));
        }
        if !body.is_empty() {
            event.insert("body".into(), text.into());
        }
    }
    event
}

fn balanced(
    front: Front,
    request: &http::Request<Bytes>,
    path: &str,
    headers: &Headers,
    body: &Bytes,
) -> Value {
    // Taken apart, and not decoded.
    let mut query = Headers::new();
    for pair in request.uri().query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !pair.is_empty() {
            query.entry(name.into()).or_default().push(value.into());
        }
    }
    let (text, is_base64) = body_of(request.headers(), body);
    let mut event = json!({
        "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:local:0:targetgroup/probe/0" } },
        "httpMethod": request.method().as_str(),
        "path": path,
        "body": text,
        "isBase64Encoded": is_base64,
    });
    if let Some(event) = event.as_object_mut() {
        if front == Front::Alb {
            event.insert("multiValueHeaders".into(), json!(headers));
            event.insert("multiValueQueryStringParameters".into(), json!(query));
        } else {
            event.insert("headers".into(), last(headers).into());
            event.insert("queryStringParameters".into(), last(&query).into());
        }
    }
    event
}

/// The last value of each name.
fn last(lists: &Headers) -> Map<String, Value> {
    let last = lists
        .iter()
        .map(|(name, values)| (name.clone(), json!(values.last())));
    last.collect()
}

fn or_null(members: Map<String, Value>) -> Value {
    if members.is_empty() {
        Value::Null
    } else {
        members.into()
    }
}

fn agent(headers: &HeaderMap) -> String {
    let agent = headers
        .get(header::USER_AGENT)
        .map(http::HeaderValue::as_bytes);
    String::from_utf8_lossy(agent.unwrap_or_default()).into_owned()
}

/// The body as text for the types that load balancers take for text, and only where it is UTF-8 and not
/// encoded; else in base64.
fn body_of(headers: &HeaderMap, body: &Bytes) -> (String, bool) {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .map(http::HeaderValue::as_bytes);
    let essence = content_type.and_then(|value| value.split(|byte| *byte == b';').next());
    let essence = essence.unwrap_or_default().to_ascii_lowercase();
    let is_text = essence.starts_with(b"text/")
        || [
            &b"application/json"[..],
            b"application/javascript",
            b"application/xml",
        ]
        .contains(&essence.as_slice());
    let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
    match std::str::from_utf8(body) {
        Ok(text) if body.is_empty() || (is_text && !is_encoded) => (text.into(), false),
        _ => (STANDARD.encode(body), true),
    }
}
