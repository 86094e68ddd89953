//! What a server on a library that speaks the `http` crate owes before a request is anybody's.

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

/// Makes a head what a handler may see, on every server alike: `host` is the authority of the target where that has
/// one, headers that `connection` names are gone, cookies that HTTP/2 has split are joined, the target is in origin
/// form.
///
/// # Errors
///
/// [`ErrorKind::BadRequest`] for `CONNECT`, and for a `Host` that is missing, repeated, or not one of a URI (RFC 9112,
/// section 3.2); [`ErrorKind::NotImplemented`] for a transfer coding other than `chunked` (section 6.1).
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

/// hyper undoes `chunked`, if it is the last, and says nothing of what is left.
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
        // HTTP/1.0 has none.
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
    // HTTP/1.1 has the target's win, HTTP/2 has none (RFC 9112, section 3.2.2; RFC 9113, section 8.3.1).
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

/// `connection` itself is dropped wherever headers become a handler's; who drops it earlier, as a host of components
/// does, takes the names along.
fn drop_nominated(headers: &mut HeaderMap) {
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

/// Cookies come one by one over HTTP/2, and are one header for whoever reads them (RFC 9113, section 8.2.3).
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
