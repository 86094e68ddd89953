//! What the client itself says in the head of a request: the host, and where the content ends.

use std::mem;

use bytes::Bytes;
use guru_core::adapter::expects_content;
use guru_core::ports::{Error, ErrorKind};
use http::header::{
    CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, MaxSizeReached, TRANSFER_ENCODING,
};
use http::uri::Scheme;
use http::{Request, Uri, Version};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Empty};

use crate::Body;

/// The host that an absolute URI is for, and its port unless it is the scheme's own: what `host` is to say (RFC 9110,
/// section 7.2).
///
/// # Errors
///
/// [`ErrorKind::Invalid`] for a URI that cannot be fetched.
pub(crate) fn host(uri: &Uri) -> Result<String, Error> {
    let invalid = |problem| Error::new(ErrorKind::Invalid, problem);
    let own = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => 80,
        Some(scheme) if *scheme == Scheme::HTTPS => 443,
        _ => {
            return Err(invalid(
                "what is fetched is an absolute URL, of http or https",
            ));
        }
    };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return Err(invalid(
            "a URL with a user name or a password is not fetched: send these in the header `authorization`",
        ));
    }
    match (uri.host(), uri.port_u16()) {
        (None | Some(""), _) => Err(invalid("what is fetched is a URL with a host")),
        (Some(host), Some(port)) if port != own => Ok(format!("{host}:{port}")),
        (Some(host), _) => Ok(host.to_owned()),
    }
}

/// Sets the host, in front of all other headers as RFC 9110 asks (section 7.2), and what frames the content (RFC 9112,
/// section 6), behind them.
///
/// The others are left alone. Those of one name keep their order, and stand together.
///
/// # Errors
///
/// [`ErrorKind::Invalid`] for more headers than a `HeaderMap` has room for: about 24,000 of different names.
pub(crate) fn frame(request: &mut Request<Body>, host: &str) -> Result<(), Error> {
    *request.version_mut() = Version::HTTP_11;
    let size = request.body().size_hint().exact();
    let is_empty = size == Some(0) || request.body().is_end_stream();
    if is_empty {
        // hyper takes one that only turns out to be empty for content.
        *request.body_mut() = nothing();
    }
    let given = mem::take(request.headers_mut());
    let length = match size {
        _ if is_empty => {
            expects_content(request.method().as_str()).then_some(HeaderValue::from_static("0"))
        }
        Some(size) => Some(size.into()),
        None => given.get(CONTENT_LENGTH).filter(is_size).cloned(),
    };
    let framed = framed(given, host, length, is_empty).map_err(|_| {
        Error::new(
            ErrorKind::Invalid,
            format!("the request to {host} has more headers than can be sent"),
        )
    });
    *request.headers_mut() = framed?;
    Ok(())
}

fn framed(
    given: HeaderMap,
    host: &str,
    length: Option<HeaderValue>,
    is_empty: bool,
) -> Result<HeaderMap, MaxSizeReached> {
    let mut headers = HeaderMap::try_with_capacity(given.keys_len().saturating_add(2))?;
    if let Ok(host) = HeaderValue::from_str(host) {
        headers.try_insert(HOST, host)?;
    }
    let mut name = None;
    for (next, value) in given {
        // Only the first of several has the name.
        name = next.or(name);
        if let Some(name) = &name
            && ![HOST, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name)
        {
            headers.try_append(name.clone(), value)?;
        }
    }
    match length {
        Some(length) => headers.try_insert(CONTENT_LENGTH, length)?,
        None if is_empty => None,
        // hyper would leave out the content of a GET or HEAD request whose size it does not know.
        None => headers.try_insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"))?,
    };
    Ok(headers)
}

fn is_size(length: &&HeaderValue) -> bool {
    let digits = length.to_str().ok();
    digits.is_some_and(|digits| digits.parse::<u64>().is_ok())
}

fn nothing() -> Body {
    Empty::<Bytes>::new()
        .map_err(|never| match never {})
        .boxed_unsync()
}
