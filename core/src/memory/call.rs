//! A request of a test, made piece by piece.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use serde::Serialize;

use super::{Client, Reply};
use crate::app::Invocation;
use crate::http::{self, Body, Request, Response};

/// A request of a test, as [`Client::request`] begins it. What is malformed in it is a panic.
///
/// ```
/// use guru_core::{App, Context, Method, Request, Response, Result, memory};
///
/// async fn echo(_cx: Context, mut req: Request) -> Result<Response> {
///     let name = req.headers().get_str("x-name").unwrap_or("nobody").to_owned();
///     let numbers: Vec<u8> = req.json().await?;
///     Ok(Response::text(format!("{name}: {numbers:?}")))
/// }
///
/// let client = memory::Client::new(App::new().put("/", echo))?;
/// let answer = client.request(Method::PUT, "/").header("x-name", "Ada").json(&[1, 2]).send();
/// assert_eq!(answer.text(), "Ada: [1, 2]");
/// # Ok::<(), guru_core::Error>(())
/// ```
#[must_use = "a request is sent by `send`"]
pub struct Call<'a> {
    client: &'a Client,
    request: Request,
    client_ip: Option<IpAddr>,
}

#[expect(
    clippy::expect_used,
    reason = "a tool for tests, where a panic is the report"
)]
impl<'a> Call<'a> {
    pub(super) fn new(client: &'a Client, request: Request) -> Self {
        Self {
            client,
            request,
            client_ip: None,
        }
    }

    /// Appends a header.
    #[track_caller]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let added = self.request.headers_mut().append(name, value);
        added.expect("a header that is well-formed");
        self
    }

    /// Adds a cookie to those in `cookie`.
    #[track_caller]
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        let before = self.request.headers().get_str("cookie");
        let before = before.map_or_else(String::new, |before| format!("{before}; "));
        let cookies = format!("{before}{name}={value}");
        let set = self.request.headers_mut().insert("cookie", cookies);
        set.expect("a cookie that is well-formed");
        self
    }

    /// Sets the content. Its type is a header.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.request = self.request.with_body(body);
        self
    }

    /// Sets the content to JSON, as `application/json`.
    #[track_caller]
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        let json = serde_json::to_vec(value).expect("a value that has JSON");
        self.typed("application/json").body(json)
    }

    /// Sets the content to a form, as `application/x-www-form-urlencoded`.
    #[track_caller]
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.extend_pairs(pairs).finish();
        self.typed("application/x-www-form-urlencoded").body(form)
    }

    /// Sets the type of the content, unless a header says another one.
    fn typed(self, media_type: &str) -> Self {
        match self.request.headers().get("content-type") {
            Some(_) => self,
            None => self.header("content-type", media_type),
        }
    }

    /// Sets the client's address, as the platform would see it.
    pub fn client_ip(mut self, address: impl Into<IpAddr>) -> Self {
        self.client_ip = Some(address.into());
        self
    }

    /// Sends it, and reads all of the answer, as [`Client::send`] does.
    #[must_use]
    pub fn send(self) -> Reply {
        let invocation = self.invocation();
        self.client.send_as(invocation, self.request)
    }

    /// The same, as [`Client::try_send`] does.
    ///
    /// # Errors
    ///
    /// When the answer breaks off.
    pub fn try_send(self) -> core::result::Result<Reply, http::Error> {
        let invocation = self.invocation();
        self.client.try_send_as(invocation, self.request)
    }

    /// Begins it, as [`Client::start`] does.
    pub async fn start(self) -> Response {
        let invocation = self.invocation();
        self.client.start_as(invocation, self.request).await
    }

    fn invocation(&self) -> Invocation {
        self.client.invocation().with_client_ip(self.client_ip)
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{App, Context, Result};
    use crate::http::Method;

    async fn seen(cx: Context, mut req: Request) -> Result<Response> {
        let text: String = req.text().await?;
        let cookies: alloc::vec::Vec<_> = req.headers().get_all("cookie").collect();
        let seen = format!("{:?} {cookies:?} {text}", cx.client_ip());
        Ok(Response::text(seen))
    }

    #[test]
    fn all_that_a_client_sends_arrives() {
        let client = Client::new(App::new().any("/", seen)).unwrap();
        let call = client
            .request(Method::PATCH, "/")
            .cookie("a", "b")
            .cookie("c", "d");
        let answer = call
            .form(&[("x", "1 2"), ("y", "&")])
            .client_ip([10, 0, 0, 1])
            .send();
        answer.assert_status(200);
        answer.assert_text("Some(10.0.0.1) [[97, 61, 98, 59, 32, 99, 61, 100]] x=1+2&y=%26");
    }
}
