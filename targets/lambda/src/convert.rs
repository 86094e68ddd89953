//! From an event to a request. It must not decide what an answer is, nor know who answers.

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::base::{within_resource, without, without_stage};
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Kind, Members};

/// What a path can hold only percent-encoded, beside what is not ASCII (RFC 3986, section 3.3).
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?');

/// The same where a percent sign is not yet the beginning of an escape.
const DECODED: &AsciiSet = &ENCODED.add(b'%');

/// What a query can hold only percent-encoded.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The request, without a stage or a mapping, and without `mount`.
pub(crate) fn request(
    event: &mut Event,
    kind: Kind,
    mount: &str,
) -> Result<http::Request<Bytes>, Error> {
    let path = path(event, kind, mount);
    let target = match query(event, kind) {
        Some(query) if !query.is_empty() => {
            format!("{path}?{}", utf8_percent_encode(&query, QUERY))
        }
        _ => path.into_owned(),
    };
    let target = PathAndQuery::try_from(target).map_err(|error| {
        bad(format!(
            "the path or the query is no part of a URL: {error}"
        ))
    })?;
    let context = event.context.as_ref();
    let method = event.method.as_deref();
    let method = method.or_else(|| context?.http.as_ref()?.method.as_deref());
    let method = http::Method::from_bytes(method.unwrap_or_default().as_bytes())
        .map_err(|_| bad(format!("{method:?} is no method")))?;
    let body = body(event)?;
    let mut headers = headers(event)?;
    // As on every other target: a REST API says nothing of it, and what it says is of the encoded body.
    if !body.is_empty() || headers.contains_key(header::CONTENT_LENGTH) {
        headers.insert(header::CONTENT_LENGTH, body.len().into());
    }
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = target.into();
    *request.headers_mut() = headers;
    Ok(request)
}

/// The client's address, as whoever took the connection says it.
///
/// A load balancer says so in one place only: it appends to `x-forwarded-for`, behind what the client
/// has sent (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html>).
pub(crate) fn client_ip(event: &Event, kind: Kind, headers: &HeaderMap) -> Option<IpAddr> {
    let context = event.context.as_ref()?;
    let said = match kind {
        Kind::Rest => context.identity.as_ref()?.source_ip.as_deref()?,
        Kind::Http | Kind::FunctionUrl => context.http.as_ref()?.source_ip.as_deref()?,
        Kind::LoadBalancer { .. } => {
            let last = headers.get_all("x-forwarded-for").iter().next_back()?;
            last.to_str().ok()?.rsplit(',').next()?
        }
    };
    let said = said.trim();
    // With a port where the load balancer is told to keep it.
    let ip = said.parse::<IpAddr>().ok();
    let ip = ip.or_else(|| Some(said.parse::<std::net::SocketAddr>().ok()?.ip()))?;
    Some(ip.to_canonical())
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadEvent, message)
}

fn path<'a>(event: &'a Event, kind: Kind, mount: &str) -> Cow<'a, str> {
    let context = event.context.as_ref();
    let stage = context.and_then(|context| context.stage.as_deref());
    let (path, set) = match kind {
        Kind::Rest => (rest_path(event, stage), ENCODED),
        Kind::LoadBalancer { .. } => (event.path.as_deref().unwrap_or_default(), ENCODED),
        Kind::FunctionUrl => (event.raw_path.as_deref().unwrap_or_default(), ENCODED),
        // An HTTP API decodes the path, in spite of its name.
        Kind::Http => {
            let path = event.raw_path.as_deref().unwrap_or_default();
            (without_stage(path, stage), DECODED)
        }
    };
    let path = without(path, mount);
    let path = Cow::from(utf8_percent_encode(path, set));
    if path.starts_with('/') {
        path
    } else {
        format!("/{path}").into()
    }
}

fn rest_path<'a>(event: &'a Event, stage: Option<&str>) -> &'a str {
    let path = event.path.as_deref().unwrap_or_default();
    if event.version.as_deref() == Some("1.0") {
        return without_stage(path, stage);
    }
    let Some(resource) = event.resource.as_deref() else {
        return path;
    };
    let parameters = event.path_parameters.as_deref().unwrap_or_default();
    within_resource(path, resource, |wanted| {
        let found = parameters.iter().find(|(name, _)| name == wanted);
        found.and_then(|(_, value)| value.as_deref())
    })
}

/// The query as sent, where the event has it; else made again of what it was taken apart to.
fn query(event: &Event, kind: Kind) -> Option<Cow<'_, str>> {
    match kind {
        Kind::Http | Kind::FunctionUrl => Some(event.raw_query.as_deref()?.into()),
        Kind::Rest => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            pairs(event, |name, value| {
                query.append_pair(name, value);
            });
            Some(query.finish().into())
        }
        // As sent, only taken apart.
        Kind::LoadBalancer { .. } => {
            let mut query = String::new();
            pairs(event, |name, value| {
                if !query.is_empty() {
                    query.push('&');
                }
                query.extend([name, "=", value]);
            });
            Some(query.into())
        }
    }
}

fn pairs(event: &Event, mut take: impl FnMut(&str, &str)) {
    if let Some(lists) = &event.query_lists {
        for (name, values) in lists {
            for value in values.iter().flatten() {
                take(name, value);
            }
        }
        return;
    }
    for (name, value) in event.query.iter().flatten() {
        take(name, value.as_deref().unwrap_or_default());
    }
}

fn headers(event: &Event) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(32);
    if let Some(lists) = &event.header_lists {
        for (name, values) in lists {
            for value in values.iter().flatten() {
                append(&mut headers, name, value)?;
            }
        }
    } else {
        single(&mut headers, event.headers.as_ref())?;
    }
    // An HTTP API has them here only; a Function URL in both places.
    if let Some(cookies) = &event.cookies
        && !cookies.is_empty()
        && !headers.contains_key(header::COOKIE)
    {
        append(&mut headers, "cookie", &cookies.join("; "))?;
    }
    Ok(headers)
}

fn single(headers: &mut HeaderMap, members: Option<&Members<Option<String>>>) -> Result<(), Error> {
    for (name, value) in members.into_iter().flatten() {
        append(headers, name, value.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Error> {
    let valid = HeaderName::from_bytes(name.as_bytes());
    let valid_name = valid.map_err(|_| bad(format!("{name:?} is no name of a header")))?;
    let valid = HeaderValue::from_bytes(value.as_bytes());
    let value = valid.map_err(|_| bad(format!("the value of the header {name:?} is none")))?;
    let appended = headers.try_append(valid_name, value);
    appended
        .map(drop)
        .map_err(|_| bad("there are too many headers"))
}

fn body(event: &mut Event) -> Result<Bytes, Error> {
    let body = event.body.take().unwrap_or_default();
    if !event.is_base64 {
        return Ok(body.into());
    }
    let decoded = STANDARD.decode(body.as_bytes());
    let decoded = decoded.map_err(|error| bad(format!("the body is no base64: {error}")))?;
    Ok(decoded.into())
}
