//! From hyper's messages to the core's and back. It must not decide what an answer is.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use guru_core::http::convert;
use guru_core::{Body, Error, ErrorKind, Headers, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

/// How much of a body over the limit is read and thrown away, so that a client that does not listen
/// while it sends still gets its 413: closing on it would reset the connection (RFC 9112, section 9.6).
const DRAIN: usize = 64 * 1024 * 1024;

/// How much room is made at once for a body: what a client announces is not yet what it sends.
const AHEAD: usize = 1024 * 1024;

/// The head of a request. Its authority, where it has one, is the host (RFC 9112, section 3.2.2 and
/// RFC 9113, section 8.3.1).
pub(crate) fn request(parts: &http::request::Parts) -> Result<Request, Error> {
    let refused =
        |error: guru_core::http::Error| Error::new(ErrorKind::BadRequest, error.to_string());
    let mut request = convert::request(parts).map_err(refused)?;
    if let Some(authority) = parts.uri.authority() {
        request
            .headers_mut()
            .insert("host", authority.as_str())
            .map_err(refused)?;
    }
    if parts.version == http::Version::HTTP_2 {
        join_cookies(request.headers_mut()).map_err(refused)?;
    }
    Ok(request)
}

/// Cookies come one by one over HTTP/2, and are one header for whoever reads them (RFC 9113, section
/// 8.2.3).
fn join_cookies(headers: &mut Headers) -> Result<(), guru_core::http::Error> {
    let crumbs: Vec<&[u8]> = headers.get_all("cookie").collect();
    if crumbs.len() < 2 {
        return Ok(());
    }
    let cookie = crumbs.join(&b"; "[..]);
    headers.insert("cookie", cookie)
}

/// All of a body up to `limit` bytes; each piece may take `pause`.
pub(crate) async fn body(
    mut incoming: Incoming,
    limit: usize,
    pause: Duration,
    expects_continue: bool,
) -> Result<Body, Error> {
    if incoming.is_end_stream() {
        return Ok(Body::empty());
    }
    let announced = incoming.size_hint().lower();
    let is_over = usize::try_from(announced).is_ok_and(|bytes| bytes > limit);
    if is_over && expects_continue {
        return Ok(Body::over_limit());
    }
    let mut pieces = Pieces::default();
    let mut size = 0;
    while let Some(frame) = timeout(pause, incoming.frame())
        .await
        .map_err(|_| too_slow(pause))?
    {
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        size += data.len();
        if size > limit.saturating_add(DRAIN) {
            break;
        }
        if !is_over && size <= limit {
            pieces.push(data, announced);
        }
    }
    Ok(if size > limit {
        Body::over_limit()
    } else {
        pieces.whole().into()
    })
}

fn too_slow(pause: Duration) -> Error {
    let message = format!("the body paused for more than {} seconds", pause.as_secs());
    Error::new(ErrorKind::RequestTimeout, message)
}

fn broken(error: hyper::Error) -> Error {
    Error::new(
        ErrorKind::BadRequest,
        format!("the body cannot be read: {error}"),
    )
}

/// A body as it arrives: one piece is handed on as it is, more are put together.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    all: BytesMut,
}

impl Pieces {
    fn push(&mut self, piece: Bytes, announced: u64) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            let announced = usize::try_from(announced).unwrap_or(AHEAD);
            self.all.reserve(announced.min(AHEAD));
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&piece);
    }

    fn whole(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}

/// An answer. A body that is not in memory cannot be here yet: nothing makes one.
///
/// # Errors
///
/// When it has more headers than hyper can send.
pub(crate) fn response(
    response: Response,
) -> Result<http::Response<Full<Bytes>>, guru_core::http::Error> {
    let (status, headers, body) = response.into_parts();
    let mut answer = http::Response::new(Full::new(body.into_bytes().unwrap_or_default()));
    *answer.status_mut() = convert::status(status);
    *answer.headers_mut() = convert::header_map(&headers)?;
    Ok(answer)
}
