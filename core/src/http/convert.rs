//! Conversions to and from the types of the `http` crate, for targets whose library uses them. Bodies are left alone.

use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use ::http::{StatusCode, request};

use bytes::Bytes;

use super::{Error, ErrorKind, Headers, Method, Request, Response, Status, Uri};

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

/// Converts a response whose body is in memory.
///
/// # Errors
///
/// As [`header_map`].
pub fn response(response: Response) -> Result<::http::Response<Bytes>, Error> {
    let (code, headers, body) = response.into_parts();
    // Nothing creates a body that is not in memory yet.
    let mut answer = ::http::Response::new(body.into_bytes().unwrap_or_default());
    *answer.status_mut() = status(code);
    *answer.headers_mut() = header_map(&headers)?;
    Ok(answer)
}

/// Converts a status for sending; 500 for one that HTTP cannot express.
#[must_use]
pub fn status(status: Status) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
