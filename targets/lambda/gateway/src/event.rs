//! Converts a request to the event that a function receives, as each front end does.
//!
//! Based on live captures of one request behind each front end, and on
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html> and
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.

mod moment;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Front;
use moment::{at, epoch};

/// Hop-by-hop headers; no front end passes them on.
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Header names that a REST API capitalizes: those that it adds or knows. The rest are as the client sent them.
const CAPITALS: [(&str, &str); 6] = [
    ("host", "Host"),
    ("user-agent", "User-Agent"),
    ("x-amzn-trace-id", "X-Amzn-Trace-Id"),
    ("x-forwarded-for", "X-Forwarded-For"),
    ("x-forwarded-port", "X-Forwarded-Port"),
    ("x-forwarded-proto", "X-Forwarded-Proto"),
];

/// The domain of every API, and the part before its first dot.
const API: (&str, &str) = ("gateway.execute-api.local.amazonaws.com", "gateway");

/// The domain of every Function URL.
const URL: (&str, &str) = ("gateway.lambda-url.local.on.aws", "gateway");

/// The route of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route<'a> {
    /// The path, without the stage.
    pub(crate) path: &'a str,
    /// The stage, if the front end has stages. `$default` is not part of any path.
    pub(crate) stage: &'a str,
    /// The client's address.
    pub(crate) client: IpAddr,
}

/// The path as the client sent it, without the stage; `None` if the stage is missing. `CONNECT` has no path, and is
/// left to the function to refuse.
pub(crate) fn path(front: Front, head: &http::request::Parts) -> Option<&str> {
    if head.method == http::Method::CONNECT {
        return Some("/");
    }
    let path = head.uri.path();
    let Some(stage) = front.stage() else {
        return Some(path);
    };
    match path.strip_prefix('/')?.strip_prefix(stage)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

/// Builds the event of a request.
pub(crate) fn event(front: Front, request: &http::Request<Bytes>, route: Route<'_>) -> Value {
    let headers = headers(front, request, route.client);
    match front {
        Front::Rest => rest(request, route, &headers),
        Front::Http | Front::Url => version_2(front, request, route, headers),
        Front::Alb | Front::AlbSingle => balanced(front, request, route.path, &headers),
    }
}

/// Names and values as a front end passes them on.
type Headers = BTreeMap<String, Vec<String>>;

fn headers(front: Front, request: &http::Request<Bytes>, client: IpAddr) -> Headers {
    let mut headers = Headers::new();
    let nominated = nominated(request.headers());
    for (name, value) in request.headers() {
        let is_nominated = nominated.iter().any(|nominated| nominated == name.as_str());
        if !is_nominated && !HOP_BY_HOP.contains(&name.as_str()) {
            // JSON cannot hold bytes: what is not UTF-8 is lost before a function can see it.
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.as_str().into()).or_default().push(value);
        }
    }
    // Each front end appends the address that it sees to what the client has sent.
    let forwarded = headers.entry("x-forwarded-for".into()).or_default();
    forwarded.push(client.to_string());
    *forwarded = vec![forwarded.join(", ")];
    // All front ends except load balancers speak only TLS.
    let is_balanced = matches!(front, Front::Alb | Front::AlbSingle);
    let (scheme, port) = if is_balanced {
        ("http", "80")
    } else {
        ("https", "443")
    };
    let trace = format!("Root=1-{}", Uuid::new_v4().simple());
    let mut set = |name: &str, value: &str| headers.insert(name.into(), vec![value.into()]);
    set("x-forwarded-proto", scheme);
    set("x-forwarded-port", port);
    set("x-amzn-trace-id", &trace);
    if front == Front::Url {
        set("x-amzn-tls-version", "TLSv1.3");
        set("x-amzn-tls-cipher-suite", "TLS_AES_128_GCM_SHA256");
    }
    count(front, request, &mut headers);
    if front == Front::Rest {
        for (name, capitals) in CAPITALS {
            if let Some(values) = headers.remove(name) {
                headers.insert(capitals.into(), values);
            }
        }
    }
    headers
}

/// The headers that `connection` nominates, which are hop-by-hop too (RFC 9110, section 7.6.1).
fn nominated(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).iter();
    let options = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let options = options.map(|option| String::from_utf8_lossy(option.trim_ascii()).to_lowercase());
    options.filter(|option| option != "host").collect()
}

/// Sets the length of the body, which is complete here whatever the client announced. A REST API sends none.
fn count(front: Front, request: &http::Request<Bytes>, headers: &mut Headers) {
    headers.remove("content-length");
    let has_length = request.headers().contains_key(header::CONTENT_LENGTH);
    if front != Front::Rest && (has_length || !request.body().is_empty()) {
        let length = request.body().len().to_string();
        headers.insert("content-length".into(), vec![length]);
    }
}

fn rest(request: &http::Request<Bytes>, route: Route<'_>, headers: &Headers) -> Value {
    let (path, body) = (route.path, request.body());
    let query = decoded(request);
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
        "queryStringParameters": or_null(last(&query)),
        "multiValueQueryStringParameters": if query.is_empty() { Value::Null } else { json!(query) },
        "pathParameters": parameters,
        "stageVariables": null,
        "requestContext": rest_context(request, route, resource),
        // With the binary media type `*/*`, a REST API encodes every body.
        "body": if body.is_empty() { Value::Null } else { STANDARD.encode(body).into() },
        "isBase64Encoded": !body.is_empty(),
    })
}

fn rest_context(request: &http::Request<Bytes>, route: Route<'_>, resource: &str) -> Value {
    let nobody = [
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    ];
    let now = OffsetDateTime::now_utc();
    let mut identity: Map<String, Value> = nobody
        .map(|name| (name.to_owned(), Value::Null))
        .into_iter()
        .collect();
    identity.insert("sourceIp".into(), json!(route.client));
    identity.insert("userAgent".into(), agent(request.headers()).into());
    json!({
        "accountId": "000000000000",
        "apiId": API.1,
        "authorizer": null,
        "domainName": API.0,
        "domainPrefix": API.1,
        "extendedRequestId": Uuid::new_v4(),
        "httpMethod": request.method().as_str(),
        "identity": identity,
        "operationName": null,
        "path": format!("/{}{}", route.stage, route.path),
        "protocol": "HTTP/1.1",
        "requestId": Uuid::new_v4(),
        "requestTime": at(now),
        "requestTimeEpoch": epoch(now),
        "resourceId": "proxy",
        "resourcePath": resource,
        "stage": route.stage,
    })
}

fn version_2(
    front: Front,
    request: &http::Request<Bytes>,
    route: Route<'_>,
    mut headers: Headers,
) -> Value {
    let decoded_path = percent_decode_str(route.path).decode_utf8_lossy();
    let raw = match front {
        // The path is decoded, in spite of its name, and includes a named stage.
        Front::Http if route.stage == "$default" => decoded_path.clone().into_owned(),
        Front::Http => format!("/{}{decoded_path}", route.stage),
        _ => route.path.to_owned(),
    };
    let shown = if front == Front::Http {
        raw.clone()
    } else {
        decoded_path.into_owned()
    };
    let cookies = cookies(request);
    if front == Front::Http {
        headers.remove("cookie");
    }
    let (text, is_base64) = body_of(request.headers(), request.body());
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw,
        "rawQueryString": request.uri().query().unwrap_or_default(),
        "headers": joined(&headers),
        "requestContext": version_2_context(front, request, route, &shown),
        "isBase64Encoded": is_base64,
    });
    let query = joined(&decoded(request));
    if let Some(event) = event.as_object_mut() {
        if !cookies.is_empty() {
            event.insert("cookies".into(), json!(cookies));
        }
        if !query.is_empty() {
            event.insert("queryStringParameters".into(), query.into());
        }
        if !request.body().is_empty() {
            event.insert("body".into(), text.into());
        }
    }
    event
}

fn version_2_context(
    front: Front,
    request: &http::Request<Bytes>,
    route: Route<'_>,
    path: &str,
) -> Value {
    let (domain, account, stage) = match front {
        Front::Http => (API, "000000000000", route.stage),
        _ => (URL, "anonymous", "$default"),
    };
    let now = OffsetDateTime::now_utc();
    json!({
        "accountId": account,
        "apiId": domain.1,
        "domainName": domain.0,
        "domainPrefix": domain.1,
        "http": {
            "method": request.method().as_str(),
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": route.client,
            "userAgent": agent(request.headers()),
        },
        "requestId": Uuid::new_v4(),
        "routeKey": "$default",
        "stage": stage,
        "time": at(now),
        "timeEpoch": epoch(now),
    })
}

fn cookies(request: &http::Request<Bytes>) -> Vec<String> {
    let lines = request.headers().get_all(header::COOKIE).iter();
    let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
    let lines: Vec<_> = lines.collect();
    let cookies = lines.iter().flat_map(|line| line.split("; "));
    cookies.map(str::to_owned).collect()
}

fn balanced(front: Front, request: &http::Request<Bytes>, path: &str, headers: &Headers) -> Value {
    // Split, but not decoded.
    let mut query = Headers::new();
    for pair in request.uri().query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !pair.is_empty() {
            query.entry(name.into()).or_default().push(value.into());
        }
    }
    let (text, is_base64) = body_of(request.headers(), request.body());
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

/// The query as API Gateway splits and decodes it.
fn decoded(request: &http::Request<Bytes>) -> Headers {
    let query = request.uri().query().unwrap_or_default();
    let mut decoded = Headers::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let values = decoded.entry(name.into_owned()).or_default();
        values.push(value.into_owned());
    }
    decoded
}

/// The values of each name, joined with commas.
fn joined(lists: &Headers) -> Map<String, Value> {
    let joined = lists
        .iter()
        .map(|(name, values)| (name.clone(), values.join(",").into()));
    joined.collect()
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

/// The body as text for the types that load balancers consider text, if it is UTF-8 and not encoded; otherwise as
/// base64.
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
