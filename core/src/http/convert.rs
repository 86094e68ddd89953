//! Conversions to and from the types of the `http` crate, for targets whose library uses them. Bodies are left alone.

use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use ::http::{StatusCode, request};

use bytes::Bytes;

use super::{Body, Error, ErrorKind, Headers, Method, Request, Response, Status, Uri};

/// Converts the head of a request. The target must be in origin form, or `*`.
///
/// # Errors
///
/// [`ErrorKind::Uri`] for a target without a path.
pub fn request(parts: &request::Parts) -> Result<Request, Error> {
    let method = Method::parse(parts.method.as_str().as_bytes())?;
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    let headers = headers(&parts.headers)?;
    Ok(Request::new(method, Uri::parse(target)?).with_headers(headers))
}

/// Converts headers. Repeated fields keep their order.
///
/// # Errors
///
/// [`ErrorKind::HeadersTooLarge`] above 4 GiB.
pub fn headers(map: &HeaderMap) -> Result<Headers, Error> {
    let (names, values) = map.iter().fold((0, 0), |(names, values), (name, value)| {
        (names + name.as_str().len(), values + value.len())
    });
    let mut headers = Headers::with_capacity(map.len(), names, values);
    for (name, value) in map {
        headers.append(name.as_str(), value.as_bytes())?;
    }
    Ok(headers)
}

/// Converts headers for sending.
///
/// # Errors
///
/// [`ErrorKind::HeadersTooLarge`] above the capacity of a `HeaderMap`, about 24,000 fields.
pub fn header_map(headers: &Headers) -> Result<HeaderMap, Error> {
    let too_large = || Error::new(ErrorKind::HeadersTooLarge);
    let mut map = HeaderMap::try_with_capacity(headers.len()).map_err(|_| too_large())?;
    for (name, value) in headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let name = name.map_err(|_| Error::new(ErrorKind::HeaderName))?;
        let value = HeaderValue::from_bytes(value);
        let value = value.map_err(|_| Error::new(ErrorKind::HeaderValue))?;
        map.try_append(name, value).map_err(|_| too_large())?;
    }
    Ok(map)
}

/// An answer, with its body as it is.
///
/// # Errors
///
/// As [`header_map`].
pub fn response(response: Response) -> Result<::http::Response<Body>, Error> {
    let (code, headers, body) = response.into_parts();
    let mut answer = ::http::Response::new(body);
    *answer.status_mut() = status(code);
    *answer.headers_mut() = header_map(&headers)?;
    Ok(answer)
}

/// A response whose body is in memory and whose headers are few, as are those of every one that no handler made. Were
/// there more headers than [`header_map`] takes, it would have none; its status and body are there in any case.
#[must_use]
pub fn whole_response(whole: Response) -> ::http::Response<Bytes> {
    let (code, headers, body) = whole.into_parts();
    let mut response = ::http::Response::new(body.into_bytes().unwrap_or_default());
    *response.status_mut() = status(code);
    *response.headers_mut() = header_map(&headers).unwrap_or_default();
    response
}

/// A request's method; hyper has validated it.
#[must_use]
pub fn method(method: &::http::Method) -> Method {
    Method::parse(method.as_str().as_bytes()).unwrap_or(Method::GET)
}

/// A status for sending; 500 for one that HTTP cannot say.
#[must_use]
pub fn status(status: Status) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
