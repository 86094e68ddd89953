//! A request as a handler sees it. It must not know how it is routed: `app::extract` adds to it
//! what a route makes of it.

use bytes::Bytes;

use super::{Body, Error, Headers, Method, Uri};
use crate::app::Params;

/// A request. Clients' bytes are in it as sent; the platform's knowledge is in
/// [`Context`](crate::Context).
#[derive(Debug)]
pub struct Request {
    method: Method,
    uri: Uri,
    headers: Headers,
    body: Body,
    pub(crate) params: Params,
}

impl Request {
    /// A request without headers or content.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::new(),
            body: Body::empty(),
            params: Params::default(),
        }
    }

    /// With these headers.
    #[must_use]
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// With one more header.
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

    /// With this content.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The target: path and query.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The headers, to change, as middleware does.
    #[must_use]
    pub const fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }

    /// The content.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// Takes the content out and leaves none.
    #[must_use]
    pub fn take_body(&mut self) -> Body {
        core::mem::take(&mut self.body)
    }

    /// Reads the whole content, once; a second call finds none.
    ///
    /// # Errors
    ///
    /// As [`Body::collect`].
    pub async fn bytes(&mut self) -> Result<Bytes, Error> {
        self.take_body().collect().await
    }
}
