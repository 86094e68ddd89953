//! Where another function is, as a deployment's setting says: at a URL, or on AWS Lambda.

#[cfg(feature = "lambda")]
mod lambda;

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use guru_client::{Body, Client, Incoming};
use guru_core::ports::{Error, ErrorKind};
use http::uri::PathAndQuery;
use http::{Request, Response, Uri, header};

#[cfg(feature = "lambda")]
pub use lambda::LambdaFunction;

/// Another function, which can be called on any thread. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Function(Arc<Place>);

#[derive(Debug)]
enum Place {
    /// Below this URL.
    Url(Origin),
    /// On AWS Lambda.
    #[cfg(feature = "lambda")]
    Lambda(LambdaFunction),
    /// Nobody has said where.
    Nowhere(Error),
}

/// What comes of a request.
type Answered = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// An answer of a function.
#[derive(Debug)]
pub enum Answer {
    /// One whose content comes by itself.
    Coming(Response<Incoming>),
    /// One whose content is there.
    Whole(Response<Bytes>),
}

impl Function {
    /// The function below a URL.
    pub(crate) fn at(origin: &Origin) -> Self {
        Self(Arc::new(Place::Url(origin.clone())))
    }

    /// The function on AWS Lambda.
    #[cfg(feature = "lambda")]
    pub(crate) fn on_lambda(function: &LambdaFunction) -> Self {
        Self(Arc::new(Place::Lambda(function.clone())))
    }

    /// A function that there is not: each call fails with this.
    #[must_use]
    pub fn missing(error: Error) -> Self {
        Self(Arc::new(Place::Nowhere(error)))
    }

    /// Why it cannot be called at all, if nobody has said where it is.
    #[must_use]
    pub fn missed(&self) -> Option<&Error> {
        match &*self.0 {
            Place::Nowhere(error) => Some(error),
            _ => None,
        }
    }

    /// Sends a request to the function: with its method, its path and query, its headers and its content. What else its URI has says
    /// nothing.
    ///
    /// # Errors
    ///
    /// As `guru_core::ports::Invoke`.
    #[must_use]
    pub fn send(&self, client: Client, request: Request<Body>) -> Answered {
        let place = Arc::clone(&self.0);
        Box::pin(async move { place.send(&client, request).await })
    }
}

impl Place {
    async fn send(&self, client: &Client, mut request: Request<Body>) -> Result<Answer, Error> {
        match self {
            Self::Url(origin) => {
                *request.uri_mut() = origin.below(request.uri())?;
                request.headers_mut().remove(header::HOST);
                client.send(request).await.map(Answer::Coming)
            }
            #[cfg(feature = "lambda")]
            Self::Lambda(function) => function.send(client, request).await.map(Answer::Whole),
            Self::Nowhere(error) => Err(error.clone()),
        }
    }
}

/// A URL below which a function is: a scheme, a host, and a path in front of the function's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    base: Uri,
    prefix: String,
}

impl Origin {
    /// Reads a URL.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let base: Uri = text.trim().parse().ok()?;
        let is_known = matches!(base.scheme_str(), Some("http" | "https"));
        let authority = base.authority()?;
        let is_plain = !authority.as_str().contains('@') && base.query().is_none();
        let prefix = base.path().trim_end_matches('/').to_owned();
        (is_known && is_plain && !authority.host().is_empty()).then_some(Self { base, prefix })
    }

    /// Where a request for this path and query goes.
    fn below(&self, target: &Uri) -> Result<Uri, Error> {
        let own = target.path_and_query().map_or("/", PathAndQuery::as_str);
        let mut parts = self.base.clone().into_parts();
        let whole = format!("{}{own}", self.prefix);
        let invalid = || Error::new(ErrorKind::Invalid, "the path is none that can be sent");
        parts.path_and_query = Some(whole.parse().map_err(|_| invalid())?);
        Uri::from_parts(parts).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_below_its_url() {
        for (url, target, wanted) in [
            ("http://a", "/", "http://a/"),
            ("http://a:81/", "/x%2Fy?q=1", "http://a:81/x%2Fy?q=1"),
            ("https://a/prod/", "/", "https://a/prod/"),
            ("https://a/prod", "//x?", "https://a/prod//x?"),
            ("https://[::1]:5/a/b\n", "/c", "https://[::1]:5/a/b/c"),
        ] {
            let target = format!("http://function{target}").parse().unwrap();
            let uri = Origin::read(url).unwrap().below(&target).unwrap();
            assert_eq!(uri.to_string(), wanted, "{url}");
        }
        for wrong in [
            "",
            "a",
            "/a",
            "ftp://a",
            "http://",
            "http://:80",
            "http://user:hunter2@a",
            "http://a?b=c",
        ] {
            assert_eq!(Origin::read(wrong), None, "{wrong}");
        }
    }
}
