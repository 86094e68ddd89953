//! The port of outbound HTTP.

use alloc::boxed::Box;
use core::pin::Pin;
use core::time::Duration;

use super::Error;
use crate::http::{self, Body, Headers, Method, Response, Url};

/// How long a request may take that does not say so: 30 seconds.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// HTTP to other servers.
///
/// A handler uses it through [`app::Fetch`](crate::app::Fetch), which holds every request to the hosts that are
/// declared, sets and removes headers, and keeps the time. An implementation sends what it is given.
///
/// # For implementers
///
/// - Send the method as it is, and the headers as bytes, in order and with repeats. `host` is the URL's
///   [authority](Url::authority); nothing else is added but what frames the message: `content-length` where the
///   [size](Body::size) is known, and not for a request without content whose method expects none (RFC 9110, section 8.6).
/// - Stream the body out, and the answer's body in ([`Body::stream`], or [`Body::sized_stream`] where `content-length` says the
///   size and no coding was undone), and read no more than a chunk ahead. A body that breaks off is
///   [`http::Error::broken`].
/// - Follow no redirect. Keep no cookies and no cache; verify certificates.
/// - Undo no content coding. Where the host undoes one in any case, remove `content-encoding` and `content-length`.
/// - Come back with the answer's head, and skip interim answers (1xx). Trailers are left out.
/// - Whoever resolves names itself does not connect to an address for which [`is_metadata`](super::hosts::is_metadata) holds,
///   unless the URL's host is that address: [`Denied`].
/// - Cancel the request when the future, or the answer's body, is dropped. The [timeout](FetchRequest::timeout) is kept by the
///   caller; an implementation may tell it to its host.
/// - Pool connections, where the host does not. Repeat a request only where it certainly has not reached the server.
/// - Fail as below, and say in the message what host it was, and never more of the URL, which may hold a secret.
///
/// # For users
///
/// - An answer of any status is an answer, also 404 and 500: only without one there is an error.
/// - Whether the server has got a request that failed with [`Timeout`] or [`Broken`] is not known.
/// - What a target cannot send is [`Invalid`], such as content of a `GET` request on Cloudflare.
///
/// [`Denied`]: super::ErrorKind::Denied
/// [`Timeout`]: super::ErrorKind::Timeout
/// [`Broken`]: super::ErrorKind::Broken
/// [`Invalid`]: super::ErrorKind::Invalid
pub trait Fetch {
    /// Sends a request. The future is done with the answer's head.
    ///
    /// # Errors
    ///
    /// [`Dns`](super::ErrorKind::Dns), [`Connect`](super::ErrorKind::Connect), [`Tls`](super::ErrorKind::Tls),
    /// [`Timeout`] and [`Broken`] as they say; [`Denied`] when the target refuses the host; [`Invalid`] when the target cannot
    /// send this request; [`Other`](super::ErrorKind::Other) for what the target does not tell apart.
    ///
    /// [`Denied`]: super::ErrorKind::Denied
    /// [`Timeout`]: super::ErrorKind::Timeout
    /// [`Broken`]: super::ErrorKind::Broken
    /// [`Invalid`]: super::ErrorKind::Invalid
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>>;
}

/// A request to another server.
///
/// ```
/// use std::time::Duration;
/// use guru_core::http::{Method, Url};
/// use guru_core::ports::FetchRequest;
///
/// let request = FetchRequest::new(Method::PUT, Url::parse("https://api.example.com/items/7")?)
///     .with_header("content-type", "application/json")?
///     .with_body("{}")
///     .with_timeout(Duration::from_secs(2));
/// assert_eq!(request.url().host(), "api.example.com");
/// # Ok::<(), guru_core::http::Error>(())
/// ```
#[derive(Debug)]
pub struct FetchRequest {
    method: Method,
    url: Url,
    headers: Headers,
    body: Body,
    timeout: Duration,
}

impl FetchRequest {
    /// Creates a request without headers or content, with 30 seconds for the answer.
    #[must_use]
    pub const fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Headers::new(),
            body: Body::empty(),
            timeout: TIMEOUT,
        }
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
    ) -> Result<Self, http::Error> {
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

    /// Sets how long to wait for the answer's head, sending the content included, and then for each chunk of its body.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Where it goes.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The headers, mutable.
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

    /// How long to wait for the answer's head, and for each chunk of its body.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }
}
