//! Converts an event to a request.

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use guru_core::adapter::admit;
use guru_core::{Error, ErrorKind, Headers, Method};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::base::{within_resource, without, without_stage};
use crate::event::{Event, Kind};
use crate::shape::Members;

/// Percent-encoded in a path as sent, besides non-ASCII characters: what `http` rejects. The rest keeps the client's
/// spelling, as on every target.
const SENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`');

/// Percent-encoded again in a decoded path: everything that is not allowed in a segment (RFC 3986, section 3.3),
/// because a client would have encoded it.
const DECODED: &AsciiSet = &SENT
    .add(b'"')
    .add(b'%')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Percent-encoded in a query.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The same for a name or a value, which cannot contain a separator.
const PAIR: &AsciiSet = &QUERY.add(b'&');

/// How much of a header name an error message shows.
const LONGEST: usize = 64;

/// Returns the request of an event, without a stage, a mapping or `mount`, and the client's address.
///
/// # Errors
///
/// An error is the client's fault: the invocation succeeds, and the error is its response.
pub(crate) fn request(
    event: &mut Event,
    kind: Kind,
    mount: &str,
) -> Result<(http::Request<Bytes>, Option<IpAddr>), Error> {
    let path = path(event, kind, mount);
    let target = match query(event, kind) {
        Some(query) if !query.is_empty() => {
            format!("{path}?{}", utf8_percent_encode(&query, QUERY))
        }
        _ => path.into_owned(),
    };
    let target = PathAndQuery::try_from(target)
        .map_err(|error| bad(format!("the request target: {error}")))?;
    let method = event.method().unwrap_or_default().as_bytes();
    let method = http::Method::from_bytes(method)
        .map_err(|_| refused("method", Method::parse(method).err()))?;
    let body = body(event)?;
    let mut headers = headers(event)?;
    // As on every other target. A REST API omits the length, or has that of the encoded body.
    if !body.is_empty() || headers.contains_key(header::CONTENT_LENGTH) {
        headers.insert(header::CONTENT_LENGTH, body.len().into());
    }
    // Before a client's `connection` can nominate the header that carries it.
    let client_ip = client_ip(event, kind, &headers);
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = target.into();
    *request.headers_mut() = headers;
    // Events have no version. In this one, a head may lack its host, as an event may.
    *request.version_mut() = http::Version::HTTP_10;
    let (mut head, body) = request.into_parts();
    admit(&mut head)?;
    Ok((http::Request::from_parts(head, body), client_ip))
}

/// The client's address, as reported by the service that accepted the connection.
///
/// A load balancer reports it in one place only: it appends it to `x-forwarded-for`, after the values that the client
/// has sent (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html>). VPC
/// Lattice does the same (<https://docs.aws.amazon.com/vpc-lattice/latest/ug/http-targets.html>).
fn client_ip(event: &Event, kind: Kind, headers: &HeaderMap) -> Option<IpAddr> {
    let context = event.context.as_ref();
    let said = match kind {
        Kind::Rest => context?.identity.as_ref()?.source_ip.as_deref()?,
        Kind::Http | Kind::FunctionUrl => context?.http.as_ref()?.source_ip.as_deref()?,
        Kind::LoadBalancer { .. } | Kind::Lattice => {
            let last = headers.get_all("x-forwarded-for").iter().next_back()?;
            last.to_str().ok()?.rsplit(',').next()?
        }
    };
    let said = said.trim();
    // With a port, if the load balancer is configured to keep it.
    let ip = said.parse::<IpAddr>().ok();
    let ip = ip.or_else(|| Some(said.parse::<std::net::SocketAddr>().ok()?.ip()))?;
    Some(ip.to_canonical())
}

fn path<'a>(event: &'a Event, kind: Kind, mount: &str) -> Cow<'a, str> {
    let context = event.context.as_ref();
    let stage = context.and_then(|context| context.stage.as_deref());
    let (path, set) = match kind {
        Kind::Rest => (rest_path(event, stage), SENT),
        Kind::FunctionUrl => (event.raw_path.as_deref().unwrap_or_default(), SENT),
        Kind::LoadBalancer { .. } | Kind::Lattice => {
            let path = event.path.as_deref().or(event.raw_path.as_deref());
            (path.unwrap_or_default(), SENT)
        }
        // An HTTP API decodes `rawPath`, in spite of its name.
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
        found.and_then(|(_, values)| Some(values.as_slice().first()?.as_str()))
    })
}

/// The query as sent, if the event has it; otherwise rebuilt from its parts.
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
        // Split, but not decoded. VPC Lattice does not document this, so what cannot have been sent is encoded.
        Kind::LoadBalancer { .. } | Kind::Lattice => {
            let mut query = String::new();
            pairs(event, |name, value| {
                if !query.is_empty() {
                    query.push('&');
                }
                query.extend(utf8_percent_encode(name, PAIR));
                query.push('=');
                query.extend(utf8_percent_encode(value, PAIR));
            });
            Some(query.into())
        }
    }
}

fn pairs(event: &Event, mut take: impl FnMut(&str, &str)) {
    for (name, values) in listed(event.query_lists.as_ref(), event.query.as_ref()) {
        for value in values {
            take(name, value);
        }
    }
}

/// Names with their values, from the lists if there are any, because only those are complete.
fn listed<'a>(
    lists: Option<&'a Members>,
    singles: Option<&'a Members>,
) -> impl Iterator<Item = (&'a str, &'a [String])> {
    let members = lists.or(singles).into_iter().flatten();
    members.map(|(name, values)| (name.as_str(), values.as_slice()))
}

fn headers(event: &Event) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(32);
    for (name, values) in listed(event.header_lists.as_ref(), event.headers.as_ref()) {
        for value in values {
            append(&mut headers, name, value)?;
        }
    }
    // An HTTP API has them only here; a Function URL has them in both places.
    if let Some(cookies) = &event.cookies
        && !cookies.is_empty()
        && !headers.contains_key(header::COOKIE)
    {
        append(&mut headers, "cookie", &cookies.join("; "))?;
    }
    Ok(headers)
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Error> {
    let valid_name = HeaderName::from_bytes(name.as_bytes());
    let valid_value = HeaderValue::from_bytes(value.as_bytes());
    let (Ok(valid_name), Ok(valid_value)) = (valid_name, valid_value) else {
        return Err(refused(name, Headers::new().append(name, value).err()));
    };
    let appended = headers.try_append(valid_name, valid_value);
    appended
        .map(drop)
        .map_err(|_| bad("there are more headers than can be handed over"))
}

fn body(event: &mut Event) -> Result<Bytes, Error> {
    let body = event.body.take().unwrap_or_default();
    if event.is_base64 != Some(true) {
        return Ok(body.into());
    }
    let decoded = STANDARD.decode(body.as_bytes());
    let decoded = decoded.map_err(|_| bad("the body is not base64"))?;
    Ok(decoded.into())
}

fn bad(problem: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::BadRequest, problem)
}

/// The error for an invalid part of a request, in the wording of the core, which rejects the same.
fn refused(name: &str, error: Option<guru_core::http::Error>) -> Error {
    let name: String = name.chars().take(LONGEST).collect();
    match error {
        Some(error) => Error::field(&name, error),
        None => Error::field(&name, "malformed"),
    }
}
