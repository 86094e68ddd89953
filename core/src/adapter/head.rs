//! Validates and normalizes request heads, for servers built on the `http` crate.

use alloc::borrow::Cow;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use ::http::header::{
    CONNECTION, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use ::http::uri::{Authority, PathAndQuery};
use ::http::{Method, Version, request};

use super::{is_authority, origin_form};
use crate::app::{Error, ErrorKind};

/// Validates and normalizes a request head, so that handlers see the same request on every server: `host` is replaced
/// by the target's authority, if it has one; headers nominated by `connection` are removed; cookies that HTTP/2 has
/// split are joined; and the target is in origin form.
///
/// # Errors
///
/// [`ErrorKind::BadRequest`] for `CONNECT`, and for a `Host` that is missing, repeated or not valid in a URI (RFC
/// 9112, section 3.2); [`ErrorKind::NotImplemented`] for a transfer coding other than `chunked` (section 6.1).
pub fn admit(head: &mut request::Parts) -> Result<(), Error> {
    if head.method == Method::CONNECT {
        return Err(bad(
            "CONNECT asks for a tunnel to another host, not for a path of this one",
        ));
    }
    if head.headers.contains_key(TRANSFER_ENCODING) {
        codings(&head.headers)?;
    }
    host(head)?;
    if head.headers.contains_key(CONNECTION) {
        drop_nominated(&mut head.headers);
    }
    if head.version == Version::HTTP_2 {
        join_cookies(&mut head.headers)?;
    }
    if head.uri.authority().is_some() {
        let target = core::mem::take(&mut head.uri).into_parts().path_and_query;
        let target = target.unwrap_or_else(|| PathAndQuery::from_static("/"));
        head.uri = match origin_form(target.as_str()) {
            Cow::Borrowed(_) => target.into(),
            Cow::Owned(text) => PathAndQuery::try_from(text)
                .map_err(|error| bad(error.to_string()))?
                .into(),
        };
    }
    Ok(())
}

/// hyper decodes `chunked` if it is the last coding, and does not report the codings that remain.
fn codings(headers: &HeaderMap) -> Result<(), Error> {
    let codings = headers
        .get_all(TRANSFER_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|coding| !coding.is_empty());
    let mut count = 0;
    for coding in codings {
        if !coding.eq_ignore_ascii_case(b"chunked") {
            let coding = coding.escape_ascii();
            return Err(Error::new(
                ErrorKind::NotImplemented,
                alloc::format!("the transfer coding {coding} is not supported, only chunked is"),
            ));
        }
        count += 1;
    }
    if count > 1 {
        return Err(bad("`transfer-encoding`: chunked is there more than once"));
    }
    Ok(())
}

fn host(head: &mut request::Parts) -> Result<(), Error> {
    let mut values = head.headers.get_all(HOST).iter();
    let (value, more) = (values.next(), values.next());
    if more.is_some() {
        return Err(bad("`host` is there more than once"));
    }
    if value.is_some_and(|value| !is_authority(value.as_bytes())) {
        return Err(bad("`host` is not a host with an optional port"));
    }
    let Some(authority) = head.uri.authority() else {
        // HTTP/1.0 does not require `host`.
        return match value {
            None if head.version > Version::HTTP_10 => Err(bad("`host` is missing")),
            _ => Ok(()),
        };
    };
    if !is_authority(authority.as_str().as_bytes()) {
        return Err(bad(
            "the authority of the target is not a host with an optional port",
        ));
    }
    // In HTTP/1.1 the target takes precedence; in HTTP/2 a mismatch is an error (RFC 9112, section 3.2.2; RFC 9113,
    // section 8.3.1).
    if head.version == Version::HTTP_2 && value.is_some_and(|value| !is_same(value, authority)) {
        return Err(bad("`host` is another than `:authority`"));
    }
    if value.is_none_or(|value| value != authority.as_str()) {
        let value = HeaderValue::from_str(authority.as_str());
        head.headers
            .insert(HOST, value.map_err(|error| bad(error.to_string()))?);
    }
    Ok(())
}

fn is_same(value: &HeaderValue, authority: &Authority) -> bool {
    value
        .as_bytes()
        .eq_ignore_ascii_case(authority.as_str().as_bytes())
}

/// Drops what `connection` names. It is dropped itself when headers are converted for a handler; a server that drops it
/// earlier, as a component host does, would lose the names that it lists.
pub fn drop_nominated(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    for name in names.iter().filter(|name| *name != HOST) {
        headers.remove(name);
    }
}

/// HTTP/2 may split `cookie` into several fields; handlers see a single one (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) -> Result<(), Error> {
    let crumbs: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if crumbs.len() > 1 {
        let cookie = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]));
        headers.insert(COOKIE, cookie.map_err(|error| bad(error.to_string()))?);
    }
    Ok(())
}

fn bad(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::BadRequest, message)
}
