//! The request type. `app::extract` adds typed extraction to it.

use alloc::rc::Rc;
use core::cell::OnceCell;
use core::fmt;

use bytes::Bytes;

use super::{Body, Error, Headers, Method, Params, Uri};

/// A request as sent by the client. The platform's metadata is in [`Context`](crate::Context).
#[derive(Debug)]
pub struct Request {
    method: Method,
    uri: Uri,
    headers: Fields,
    body: Body,
    params: Params,
}

impl Request {
    /// Creates a request without headers or content.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::new().into(),
            body: Body::empty(),
            params: Params::default(),
        }
    }

    /// Sets the headers.
    #[must_use]
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = headers.into();
        self
    }

    /// Sets headers that are read on first access, by calling `read`, for a platform that is slow to hand them over.
    /// Most functions never access them.
    #[must_use]
    pub fn with_headers_from(mut self, read: impl Fn() -> Headers + 'static) -> Self {
        self.headers = Fields {
            source: Some(Rc::new(read)),
            ..Fields::default()
        };
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
        self.headers.get_mut().append(name, value)?;
        Ok(self)
    }

    /// Sets the content.
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
    pub fn headers(&self) -> &Headers {
        self.headers.get()
    }

    /// The headers, mutable, as for middleware.
    #[must_use]
    pub fn headers_mut(&mut self) -> &mut Headers {
        self.headers.get_mut()
    }

    /// The headers if they have been read, and otherwise what reads them.
    pub(crate) fn headers_or_source(&self) -> Result<&Headers, Rc<dyn Fn() -> Headers>> {
        match (&self.headers.source, self.headers.read.get()) {
            (Some(source), None) => Err(Rc::clone(source)),
            (_, Some(headers)) => Ok(headers),
            (None, None) => Ok(self.headers.get()),
        }
    }

    /// Changes the headers, now or once they are read.
    pub(crate) fn change_headers(&mut self, change: fn(&mut Headers)) {
        match self.headers.read.get_mut() {
            Some(headers) => change(headers),
            None => self.headers.change = Some(change),
        }
    }

    /// The parameters of the matched route; empty before routing.
    pub(crate) const fn params(&self) -> &Params {
        &self.params
    }

    /// Stores the parameters of the matched route.
    pub(crate) fn set_params(&mut self, params: Params) {
        self.params = params;
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

    /// Lets no more than so many bytes of the content be read.
    pub(crate) fn limit_body(&mut self, bytes: usize) -> Result<(), Error> {
        self.body = self.take_body().limited(bytes)?.of_request();
        Ok(())
    }

    /// Reads the whole content into memory: as much as the [app](crate::App::body_limit), or its
    /// [route](crate::app::limited), allows. A second call returns no bytes.
    ///
    /// # Errors
    ///
    /// As [`Body::collect`].
    pub async fn bytes(&mut self) -> Result<Bytes, Error> {
        self.take_body().collect(usize::MAX).await
    }
}

/// Headers that may not have been read yet.
#[derive(Default)]
struct Fields {
    read: OnceCell<Headers>,
    source: Option<Rc<dyn Fn() -> Headers>>,
    /// A change to apply once they are read.
    change: Option<fn(&mut Headers)>,
}

impl Fields {
    fn get(&self) -> &Headers {
        self.read.get_or_init(|| {
            let mut headers = self
                .source
                .as_ref()
                .map_or_else(Headers::new, |read| read());
            if let Some(change) = self.change {
                change(&mut headers);
            }
            headers
        })
    }

    fn get_mut(&mut self) -> &mut Headers {
        self.get();
        #[expect(clippy::expect_used, reason = "they were read right above")]
        self.read.get_mut().expect("headers that were read")
    }
}

impl From<Headers> for Fields {
    fn from(headers: Headers) -> Self {
        Self {
            read: headers.into(),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[test]
    fn headers_are_read_once_when_somebody_looks() {
        let reads = Rc::new(Cell::new(0));
        let seen = Rc::clone(&reads);
        let mut request =
            Request::new(Method::GET, Uri::parse("/").unwrap()).with_headers_from(move || {
                seen.set(seen.get() + 1);
                let mut headers = Headers::new();
                headers.append("te", "trailers").unwrap();
                headers.append("a", "1").unwrap();
                headers
            });
        request.change_headers(|headers| {
            headers.remove("te");
        });
        assert_eq!(reads.get(), 0);
        assert_eq!(request.headers().len(), 1);
        request.headers_mut().append("b", "2").unwrap();
        let request = request.with_header("c", "3").unwrap();
        assert_eq!(request.headers().iter().count(), 3);
        assert_eq!(reads.get(), 1);
    }
}
