//! The answer that a test looks at.

use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;

use crate::http::Response;

/// An answer, as a test reads it. What is not as the test says is a panic that shows all of the answer.
///
/// ```
/// use guru_core::{App, Context, Request, Response, Result, memory};
///
/// async fn hello(_cx: Context, _req: Request) -> Result<Response> {
///     Response::json(&["hello"])
/// }
///
/// let client = memory::Client::new(App::new().get("/", hello))?;
/// let answer = client.get("/");
/// answer.assert_status(200);
/// assert_eq!(answer.header("content-type"), Some("application/json"));
/// assert_eq!(answer.text(), r#"["hello"]"#);
/// assert_eq!(answer.json::<Vec<String>>(), ["hello"]);
/// # Ok::<(), guru_core::Error>(())
/// ```
pub struct Reply(pub(super) Response);

#[expect(
    clippy::panic,
    reason = "a tool for tests, where a panic is the report"
)]
impl Reply {
    /// The content.
    ///
    /// # Panics
    ///
    /// When it has not been read: a stream, as [`Client::start`](super::Client::start) gives its head.
    #[must_use]
    #[track_caller]
    pub fn bytes(&self) -> &[u8] {
        let Some(bytes) = self.0.body().as_bytes() else {
            panic!("the content has not been read:\n{self:?}");
        };
        bytes
    }

    /// The content as text.
    ///
    /// # Panics
    ///
    /// When it is not UTF-8, or as [`bytes`](Self::bytes).
    #[must_use]
    #[track_caller]
    pub fn text(&self) -> &str {
        match core::str::from_utf8(self.bytes()) {
            Ok(text) => text,
            Err(error) => panic!("{error}:\n{self:?}"),
        }
    }

    /// The content, read as JSON.
    ///
    /// # Panics
    ///
    /// When it is not JSON of this type, or as [`bytes`](Self::bytes).
    #[must_use]
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(self.bytes()) {
            Ok(value) => value,
            Err(error) => panic!("{error}:\n{self:?}"),
        }
    }

    /// The value of a header, if there is one.
    ///
    /// # Panics
    ///
    /// When there are several, or it is not UTF-8. [`headers_of`](Self::headers_of) has all of them.
    #[must_use]
    #[track_caller]
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut all = self.headers_of(name).into_iter();
        match (all.next(), all.next()) {
            (one, None) => one,
            _ => panic!("there are several `{name}`:\n{self:?}"),
        }
    }

    /// The values of a header, in their order.
    ///
    /// # Panics
    ///
    /// When one is not UTF-8.
    #[must_use]
    #[track_caller]
    pub fn headers_of<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let mut all = Vec::new();
        for value in self.0.headers().get_all(name) {
            match core::str::from_utf8(value) {
                Ok(text) => all.push(text),
                Err(error) => panic!("`{name}`: {error}:\n{self:?}"),
            }
        }
        all
    }

    /// Holds the answer to a status; returns it, so that more can be asked.
    ///
    /// # Panics
    ///
    /// When it has another one.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert!(
            self.0.status().as_u16() == status,
            "the status is not {status}:\n{self:?}"
        );
        self
    }

    /// Holds the answer to a text; returns it, so that more can be asked.
    ///
    /// # Panics
    ///
    /// When it has another one.
    #[track_caller]
    pub fn assert_text(&self, text: &str) -> &Self {
        assert!(self.text() == text, "the text is not {text:?}:\n{self:?}");
        self
    }

    /// The answer itself.
    #[must_use]
    pub fn into_response(self) -> Response {
        self.0
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self(response)
    }
}

impl Deref for Reply {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.0
    }
}

impl DerefMut for Reply {
    fn deref_mut(&mut self) -> &mut Response {
        &mut self.0
    }
}

impl fmt::Debug for Reply {
    /// As it would be on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.0.status())?;
        for (name, value) in self.0.headers().iter() {
            writeln!(f, "{name}: {}", value.escape_ascii())?;
        }
        match self.0.body().as_bytes().map(core::str::from_utf8) {
            Some(Ok("")) => Ok(()),
            Some(Ok(text)) => write!(f, "\n{text}"),
            Some(Err(_)) => write!(f, "\n{}", self.bytes().escape_ascii()),
            None => write!(f, "\n{:?}", self.0.body()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::http::Status;

    #[test]
    fn it_is_shown_as_it_is_on_the_wire() {
        let answer = Response::text("héllo").with_status(Status::CREATED);
        let answer = Reply(answer.with_header("x-bytes", b"a\xff").unwrap());
        let shown = "201\ncontent-type: text/plain; charset=utf-8\nx-bytes: a\\xff\n\nhéllo";
        assert_eq!(format!("{answer:?}"), shown);
        let bytes = Reply(Response::typed("a/b", [0xff].as_slice()));
        assert!(format!("{bytes:?}").ends_with("\n\n\\xff"), "{bytes:?}");
    }
}
