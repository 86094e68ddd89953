//! The response type. `app::finish` makes a response safe to send, and a target sends it.

use super::{Body, Error, Headers, Status};

/// A response.
///
/// ```
/// use guru_core::{Response, Status};
///
/// let answer = Response::text("made").with_status(Status::CREATED).with_header("location", "/1")?;
/// assert_eq!(answer.headers().get("content-type"), Some(&b"text/plain; charset=utf-8"[..]));
/// # Ok::<(), guru_core::http::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Response {
    status: Status,
    headers: Headers,
    body: Body,
}

impl Response {
    /// Creates a response without headers or content.
    #[must_use]
    pub const fn new(status: Status) -> Self {
        Self {
            status,
            headers: Headers::new(),
            body: Body::empty(),
        }
    }

    /// 200 OK with text, as `text/plain; charset=utf-8`.
    #[must_use]
    pub fn text(text: impl Into<Body>) -> Self {
        Self::typed("text/plain; charset=utf-8", text)
    }

    /// 200 OK with HTML, as `text/html; charset=utf-8`.
    #[must_use]
    pub fn html(text: impl Into<Body>) -> Self {
        Self::typed("text/html; charset=utf-8", text)
    }

    /// 200 OK with content of a static media type. A type that is not a valid field value is omitted: use
    /// [`with_header`](Self::with_header) for a type that comes from outside.
    #[must_use]
    pub fn typed(content_type: &'static str, body: impl Into<Body>) -> Self {
        let mut headers = Headers::with_capacity(1, "content-type".len(), content_type.len());
        let typed = headers.append("content-type", content_type);
        debug_assert!(typed.is_ok(), "{content_type:?} is no header value");
        Self {
            status: Status::OK,
            headers,
            body: body.into(),
        }
    }

    /// A redirect. Does not check that `location` is a URL.
    ///
    /// # Errors
    ///
    /// [`HeaderValue`](super::ErrorKind::HeaderValue) when `location` contains a control character.
    pub fn redirect(status: Status, location: &str) -> Result<Self, Error> {
        Self::new(status).with_header("location", location)
    }

    /// Sets the status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Appends a header.
    ///
    /// # Errors
    ///
    /// As [`Headers::append`].
    pub fn with_header(
        mut self,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<Self, Error> {
        self.headers.append(name, value)?;
        Ok(self)
    }

    /// Replaces the headers.
    #[must_use]
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the content.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The headers, mutable, as for middleware.
    #[must_use]
    pub const fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }

    /// The content.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// Takes the content, leaving an empty body.
    #[must_use]
    pub fn take_body(&mut self) -> Body {
        core::mem::take(&mut self.body)
    }

    /// Splits the response into its parts, for a target to send.
    #[must_use]
    pub fn into_parts(self) -> (Status, Headers, Body) {
        (self.status, self.headers, self.body)
    }
}

/// 200 OK with this content, which may be a stream: the body of a request, or of another response, is passed on as it comes.
impl From<Body> for Response {
    fn from(body: Body) -> Self {
        Self::new(Status::OK).with_body(body)
    }
}
