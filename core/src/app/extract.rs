//! Typed extraction from a request: path parameters, the query, a JSON body. Input that does not fit is a 400 that
//! names the field.

use alloc::string::{String, ToString};
use core::fmt::Display;
use core::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, ErrorKind, Result, query};
use crate::http::{self, Request, Response, Segment, Segments};

impl Request {
    /// The pattern of the matched route; `None` before routing, as in an app's own middleware, and where a fallback answers. (The
    /// middleware of a group comes after.)
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.params().pattern()
    }

    /// A path parameter, decoded once and parsed. A rest (`{*name}`) is decoded as a whole: use [`rest`](Self::rest)
    /// to tell its slashes from `%2F`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadRequest`] when it is not UTF-8 or does not parse;
    /// [`ErrorKind::Internal`] when the route has no such parameter.
    pub fn param<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T> {
        let Some(raw) = self
            .params()
            .span(name)
            .and_then(|span| self.uri().path().get(span))
        else {
            let route = self.route().unwrap_or("none");
            let message = alloc::format!("the route \"{route}\" has no parameter `{name}`");
            return Err(Error::new(ErrorKind::Internal, message));
        };
        let text = Segment::new(raw)
            .decode()
            .map_err(|error| Error::field(name, error))?;
        text.parse().map_err(|error| Error::field(name, error))
    }

    /// The segments matched by the pattern's `{*name}`; empty if the pattern has none.
    #[must_use]
    pub fn rest(&self) -> Segments<'_> {
        let span = self.params().rest();
        match span.and_then(|span| self.uri().path().get(span)) {
            Some(raw) => Segments::over(raw),
            None => Segments::default(),
        }
    }

    /// Deserializes the query into a struct with one field per key: `Option` for keys that may be missing, `Vec` for
    /// keys that may be repeated.
    ///
    /// ```
    /// # use guru_core::{Method, Request, Uri};
    /// #[derive(serde::Deserialize)]
    /// struct Page {
    ///     size: Option<u8>,
    ///     #[serde(default)]
    ///     tag: Vec<String>,
    /// }
    ///
    /// let get = |target| Request::new(Method::GET, Uri::parse(target).unwrap());
    /// let page: Page = get("/?tag=a&size=9&tag=b").query().unwrap();
    /// assert_eq!((page.size, page.tag.len()), (Some(9), 2));
    /// let error = get("/?size=many").query::<Page>().err().unwrap();
    /// assert_eq!(error.to_string(), "`size`: invalid digit found in string");
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadRequest`] when a field is missing, not UTF-8 or does not parse.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T> {
        read_pairs(self.uri().query().unwrap_or_default())
    }

    /// Reads the content as a form, into a struct as [`query`](Self::query) does, provided that `content-type` is
    /// `application/x-www-form-urlencoded`. (A page of another site can send one, cookies included.)
    ///
    /// ```
    /// # use guru_core::{App, Context, Method, Request, Response, Result, memory};
    /// #[derive(serde::Deserialize)]
    /// struct Login {
    ///     user: String,
    ///     remember: Option<String>,
    /// }
    ///
    /// async fn login(_cx: Context, mut req: Request) -> Result<Response> {
    ///     let login: Login = req.form().await?;
    ///     Ok(Response::text(format!("{} {}", login.user, login.remember.is_some())))
    /// }
    ///
    /// let client = memory::Client::new(App::new().post("/", login))?;
    /// let call = client.request(Method::POST, "/");
    /// call.form(&[("user", "Ada Lovelace"), ("remember", "on")]).send().assert_text("Ada Lovelace true");
    /// # Ok::<(), guru_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedMediaType`] when the type is missing or another one; [`ErrorKind::BadRequest`] when a field is missing,
    /// not UTF-8 or does not parse; [`ErrorKind::ContentTooLarge`] as [`text`](Self::text).
    pub async fn form<T: DeserializeOwned>(&mut self) -> Result<T> {
        let media_type = self.headers().get("content-type").unwrap_or_default();
        if !essence(media_type).eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            return Err(Error::new(
                ErrorKind::UnsupportedMediaType,
                "`content-type` is not application/x-www-form-urlencoded",
            ));
        }
        read_pairs(&self.text().await?)
    }

    /// Reads the content as JSON, provided that `content-type` is `application/json` or has the suffix `+json` (RFC
    /// 6839, section 3.1).
    ///
    /// The type is checked because a page of another site can send a form as `text/plain` without a preflight,
    /// cookies included ([CORS-safelisted](https://fetch.spec.whatwg.org/#cors-safelisted-request-header)), and its
    /// text may be valid JSON. For clients that send no type, or a different one, use [`json_any`](Self::json_any).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedMediaType`] when the type is missing or not JSON; otherwise as
    /// [`json_any`](Self::json_any).
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        if !is_json(self.headers().get("content-type").unwrap_or_default()) {
            return Err(Error::new(
                ErrorKind::UnsupportedMediaType,
                "`content-type` is not application/json, nor another type of JSON (+json)",
            ));
        }
        self.json_any().await
    }

    /// Reads the content as JSON, regardless of `content-type`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadRequest`] when it is not JSON, or a field is missing or has the wrong type;
    /// [`ErrorKind::ContentTooLarge`] as [`text`](Self::text).
    pub async fn json_any<T: DeserializeOwned>(&mut self) -> Result<T> {
        let bytes = self.bytes().await?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value =
            serde_path_to_error::deserialize(&mut reader).map_err(|error| located(&error))?;
        reader.end().map_err(|error| Error::field("body", error))?;
        Ok(value)
    }

    /// Reads the content as text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadRequest`] when it is not UTF-8; [`ErrorKind::ContentTooLarge`] when the host stopped reading
    /// it.
    pub async fn text(&mut self) -> Result<String> {
        let bytes = self.bytes().await?;
        match core::str::from_utf8(&bytes) {
            Ok(text) => Ok(text.to_string()),
            Err(error) => Err(Error::field("body", error)),
        }
    }
}

impl Response {
    /// 200 OK with JSON, as `application/json`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when the value cannot be serialized, such as a map whose keys are not strings.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        // The message is all that this error carries. Boxing its type would add 5 KB of `Debug` code.
        let json = serde_json::to_vec(value)
            .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        Ok(Self::typed("application/json", json))
    }
}

/// Reads a query, or a form.
fn read_pairs<T: DeserializeOwned>(text: &str) -> Result<T> {
    let pairs = || form_urlencoded::parse(text.as_bytes());
    let mut all = pairs().zip(raw_pairs(text));
    if let Some((pair, _)) = all.find(|(_, raw)| Segment::new(raw).decode().is_err()) {
        return Err(Error::field(
            &pair.0,
            http::Error::new(http::ErrorKind::Encoding),
        ));
    }
    query::deserialize(pairs()).map_err(|error| match &error.field {
        Some(field) => Error::field(field, &error),
        // If a field is missing, the message already names it.
        None => Error::new(ErrorKind::BadRequest, error.to_string()),
    })
}

/// The pairs of a query before decoding, split as `form_urlencoded` splits them.
fn raw_pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

/// Whether a media type is JSON. Parameters are ignored.
fn is_json(media_type: &[u8]) -> bool {
    let essence = essence(media_type);
    let suffix = essence.len().checked_sub("+json".len());
    let suffix = suffix.and_then(|start| essence.get(start..));
    essence.eq_ignore_ascii_case(b"application/json")
        || (essence.contains(&b'/') && suffix.is_some_and(|end| end.eq_ignore_ascii_case(b"+json")))
}

/// A media type without its parameters.
fn essence(media_type: &[u8]) -> &[u8] {
    let mut parts = media_type.split(|byte| *byte == b';');
    parts.next().unwrap_or_default().trim_ascii()
}

fn located(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let path = error.path().to_string();
    let message = error.inner().to_string();
    match &*path {
        // The message already names a field that is missing, unknown or repeated.
        "." if message.contains(" field `") => Error::new(ErrorKind::BadRequest, message),
        "." => Error::field("body", message),
        path => Error::field(path, message),
    }
}
