//! The error type of handlers, and the one place where errors are mapped to a status and a body.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::ToString;
use core::any::Any;
use core::fmt;

use serde::Serialize;

use super::Context;
use crate::http::{self, Headers, Response, Status};
use crate::ports;

/// The kind of an error. It alone determines the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400: the request is malformed.
    BadRequest,
    /// 401: the client is not authenticated.
    Unauthorized,
    /// 403: the client is not allowed to do this.
    Forbidden,
    /// 404: there is no such resource.
    NotFound,
    /// 405: the resource exists, but does not support the method.
    MethodNotAllowed,
    /// 408: the request did not arrive in time.
    RequestTimeout,
    /// 409: the request conflicts with the current state.
    Conflict,
    /// 413: the body is too large.
    ContentTooLarge,
    /// 415: the media type is not supported.
    UnsupportedMediaType,
    /// 422: the request is well-formed, but cannot be processed.
    Unprocessable,
    /// 429: the client has sent too many requests.
    TooManyRequests,
    /// 500: a fault of the function. The message is only logged.
    Internal,
    /// 501: the server does not support what the request asks for. The message is sent to the client.
    NotImplemented,
    /// 502: a service that the function asked failed. The message is only logged.
    BadGateway,
    /// 503: a dependency of the function is unavailable. The message is only logged.
    Unavailable,
    /// 504: a dependency of the function did not respond in time. The message is only logged.
    Timeout,
}

impl ErrorKind {
    /// The status for this kind.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::BadRequest => Status::BAD_REQUEST,
            Self::Unauthorized => Status::UNAUTHORIZED,
            Self::Forbidden => Status::FORBIDDEN,
            Self::NotFound => Status::NOT_FOUND,
            Self::MethodNotAllowed => Status::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => Status::REQUEST_TIMEOUT,
            Self::Conflict => Status::CONFLICT,
            Self::ContentTooLarge => Status::CONTENT_TOO_LARGE,
            Self::UnsupportedMediaType => Status::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable => Status::UNPROCESSABLE_CONTENT,
            Self::TooManyRequests => Status::TOO_MANY_REQUESTS,
            Self::Internal => Status::INTERNAL_SERVER_ERROR,
            Self::NotImplemented => Status::NOT_IMPLEMENTED,
            Self::BadGateway => Status::BAD_GATEWAY,
            Self::Unavailable => Status::SERVICE_UNAVAILABLE,
            Self::Timeout => Status::GATEWAY_TIMEOUT,
        }
    }

    /// The default message for the client, used if there is none, or none that may be disclosed: the name that HTTP has for the
    /// status (RFC 9110, section 15).
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::BadRequest => "bad request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not found",
            Self::MethodNotAllowed => "method not allowed",
            Self::RequestTimeout => "request timeout",
            Self::Conflict => "conflict",
            Self::ContentTooLarge => "content too large",
            Self::UnsupportedMediaType => "unsupported media type",
            Self::Unprocessable => "unprocessable content",
            Self::TooManyRequests => "too many requests",
            Self::Internal => "internal server error",
            Self::NotImplemented => "not implemented",
            Self::BadGateway => "bad gateway",
            Self::Unavailable => "service unavailable",
            Self::Timeout => "gateway timeout",
        }
    }

    /// Whether the fault is the server's, so that its details are not disclosed.
    const fn is_ours(self) -> bool {
        matches!(
            self,
            Self::Internal | Self::BadGateway | Self::Unavailable | Self::Timeout
        )
    }
}

/// An error returned by a handler.
///
/// Any `core::error::Error` converts into one through `?`, as a fault of the function: 500, with its message logged and
/// not sent. Errors of a [port](ports) are that too, such as a host that is not declared, except for these: 503 when the
/// port is unavailable, 502 when a service that the function asked failed (`Dns`, `Connect`, `Tls`, `Broken`, `Other`, or
/// an answer that breaks off or is too large), 504 when it did not respond in time (`Timeout`), and 400, 413 and 409 for what a
/// store does not take (`InvalidKey`, `TooLarge`, `Conflict`). Errors that only a request can cause count as the
/// client's: a body that is too large, late or broken, and data that is not UTF-8 once decoded. Other client errors
/// are created explicitly:
///
/// ```
/// use guru_core::{Error, ErrorKind, Result};
///
/// fn half(n: u32) -> Result<u32> {
///     if n % 2 == 1 {
///         return Err(Error::new(ErrorKind::Unprocessable, "n is odd"));
///     }
///     Ok(n / 2)
/// }
/// assert_eq!(half(3).unwrap_err().kind().status().as_u16(), 422);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    headers: Headers,
    source: Option<Box<dyn core::error::Error>>,
}

impl Error {
    /// Creates an error with a message. The client sees the message of a 4xx or 501; that of any other 5xx is only
    /// logged.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            headers: Headers::new(),
            source: None,
        }))
    }

    /// A 404 error.
    #[must_use]
    pub fn not_found() -> Self {
        ErrorKind::NotFound.into()
    }

    /// A 400 error for a request field that is missing or malformed. The message names the field.
    pub fn field(name: &str, problem: impl fmt::Display) -> Self {
        Self::new(ErrorKind::BadRequest, alloc::format!("`{name}`: {problem}"))
    }

    /// Adds a header to the response, such as `retry-after`.
    ///
    /// # Errors
    ///
    /// As [`Headers::append`].
    pub fn with_header(
        mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<Self, http::Error> {
        self.0.headers.append(name, value)?;
        Ok(self)
    }

    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Says what was being done when the function has failed, for the log. An error whose message the client sees is not logged, and
    /// stays as it is.
    ///
    /// ```
    /// use guru_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Internal, "no such table").context("counting the links");
    /// assert_eq!(error.to_string(), "counting the links: no such table");
    /// let error = Error::new(ErrorKind::Conflict, "the name is taken").context("renaming user 7");
    /// assert_eq!(error.shown(), "the name is taken");
    /// ```
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        if self.kind().is_ours() {
            self.0.message = alloc::format!("{doing}: {}", self.0.message).into();
        }
        self
    }

    /// The underlying cause, if any.
    #[must_use]
    pub fn source(&self) -> Option<&dyn core::error::Error> {
        self.0.source.as_deref()
    }

    /// Converts the error to the client's response: JSON, `{"status":"error","error":…,"request_id":…}`, unless
    /// [`App::errors`](crate::App::errors) has another shape for it. A fault of
    /// the function is logged with its causes, and the client sees only the status.
    #[must_use]
    pub fn into_response(self, cx: &Context) -> Response {
        if self.kind().is_ours() {
            cx.log()
                .error(&self, crate::fields! { status: self.kind().status() });
        }
        let own = cx.answer(&self);
        own.unwrap_or_else(|| self.answer(cx.request_id()))
    }

    /// The response to the request with this id. Logs nothing.
    pub(super) fn answer(&self, request_id: &str) -> Response {
        self.add_headers(answer(self.kind(), self.shown(), request_id))
    }

    /// What the client may see of it: its message where the request is at fault, and else the name of its status.
    #[must_use]
    pub fn shown(&self) -> &str {
        let kind = self.kind();
        if kind.is_ours() {
            kind.text()
        } else {
            &self.0.message
        }
    }

    /// Adds its headers to its answer.
    pub(super) fn add_headers(&self, mut response: Response) -> Response {
        for (name, value) in self.0.headers.iter() {
            let added = response.headers_mut().append(name, value);
            debug_assert!(added.is_ok(), "the header was checked when it was added");
        }
        response
    }
}

/// The response to a request whose handler will never respond, and of which only the id is left.
pub(super) fn lost(kind: ErrorKind, request_id: &str) -> Response {
    answer(kind, kind.text(), request_id)
}

fn answer(kind: ErrorKind, message: &str, request_id: &str) -> Response {
    #[derive(Serialize)]
    struct ErrorBody<'a> {
        status: &'static str,
        error: &'a str,
        request_id: &'a str,
    }
    let answer = ErrorBody {
        status: "error",
        error: message,
        request_id,
    };
    // Serializing three strings cannot fail, so the empty body is never used.
    let body = serde_json::to_vec(&answer).unwrap_or_default();
    Response::typed("application/json", body).with_status(kind.status())
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, kind.text())
    }
}

impl<E: core::error::Error + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        let mut new = Self::new(kind_of(&error), error.to_string());
        new.advise(&error);
        new.0.source = Some(Box::new(error));
        new
    }
}

impl Error {
    /// A client for whose body there is no room is better off when it comes again.
    fn advise(&mut self, cause: &dyn Any) {
        let kind = cause.downcast_ref().map(http::Error::kind);
        if kind == Some(http::ErrorKind::NoRoom) {
            let added = self.0.headers.append("retry-after", "1");
            debug_assert!(added.is_ok(), "a digit is a header value");
        }
    }
}

/// The kind of an error converted by `?`: a fault of the function, except for our own errors that say otherwise.
fn kind_of(error: &dyn Any) -> ErrorKind {
    if let Some(error) = error.downcast_ref::<ports::Error>() {
        use ports::ErrorKind as Kind;
        return match error.kind() {
            Kind::Unavailable => ErrorKind::Unavailable,
            Kind::Dns | Kind::Connect | Kind::Tls | Kind::Broken | Kind::Other => {
                ErrorKind::BadGateway
            }
            Kind::Timeout => ErrorKind::Timeout,
            Kind::InvalidKey => ErrorKind::BadRequest,
            Kind::TooLarge => ErrorKind::ContentTooLarge,
            Kind::Conflict => ErrorKind::Conflict,
            _ => ErrorKind::Internal,
        };
    }
    match error.downcast_ref().map(http::Error::kind) {
        Some(http::ErrorKind::NoRoom) => ErrorKind::Unavailable,
        Some(http::ErrorKind::BodyTooLarge) => ErrorKind::ContentTooLarge,
        Some(http::ErrorKind::BodyTimeout) => ErrorKind::RequestTimeout,
        Some(http::ErrorKind::BodyBroken | http::ErrorKind::Encoding) => ErrorKind::BadRequest,
        Some(http::ErrorKind::AnswerBroken | http::ErrorKind::AnswerTooLarge) => {
            ErrorKind::BadGateway
        }
        _ => ErrorKind::Internal,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        // The message is that of the source.
        let source = self.0.source.as_deref();
        ports::causes(source.and_then(core::error::Error::source), f)
    }
}

/// Its message and its causes.
impl ports::ToValue for Error {
    fn to_value(&self) -> ports::Value<'_> {
        ports::Value::Display(self)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind())
    }
}

#[cfg(all(test, feature = "http"))]
mod tests {
    use ErrorKind as Kind;

    use super::*;

    /// The names of RFC 9110, section 15, which the `http` crate has too, but for two that were others before.
    #[test]
    fn the_default_message_is_the_name_of_the_status() {
        for kind in [
            Kind::BadRequest,
            Kind::Unauthorized,
            Kind::Forbidden,
            Kind::NotFound,
            Kind::MethodNotAllowed,
            Kind::RequestTimeout,
            Kind::Conflict,
            Kind::ContentTooLarge,
            Kind::UnsupportedMediaType,
            Kind::Unprocessable,
            Kind::TooManyRequests,
            Kind::Internal,
            Kind::NotImplemented,
            Kind::BadGateway,
            Kind::Unavailable,
            Kind::Timeout,
        ] {
            let status = ::http::StatusCode::from_u16(kind.status().as_u16()).unwrap();
            let name = match kind {
                Kind::ContentTooLarge => "Content Too Large",
                Kind::Unprocessable => "Unprocessable Content",
                _ => status.canonical_reason().unwrap(),
            };
            assert_eq!(kind.text(), name.to_lowercase(), "{kind:?}");
        }
    }
}
