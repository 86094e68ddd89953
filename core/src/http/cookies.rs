//! Cookies (RFC 6265): read from a request, and set by an answer.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use super::method::is_token;
use super::{Error, ErrorKind, Headers, Request, Response};

/// A cookie that an answer sets, by default for the whole site, until the browser ends, over https alone (and on `localhost`), out of
/// reach of scripts, and not with requests that other sites make, but for links (`SameSite=Lax`).
///
/// ```
/// use core::time::Duration;
/// use guru_core::{App, Context, Cookie, Method, Request, Response, Result, memory};
///
/// async fn visit(_cx: Context, req: Request) -> Result<Response> {
///     let visits: u32 = req.cookie("visits").and_then(|text| text.parse().ok()).unwrap_or(0);
///     let cookie = Cookie::new("visits", (visits + 1).to_string()).max_age(Duration::from_secs(3600));
///     Ok(Response::text("hello").with_cookie(cookie)?)
/// }
///
/// let client = memory::Client::new(App::new().get("/", visit))?;
/// let answer = client.request(Method::GET, "/").cookie("visits", "7").send();
/// let set = "visits=8; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600";
/// assert_eq!(answer.header("set-cookie"), Some(set));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    value: String,
    path: String,
    domain: Option<String>,
    max_age: Option<u64>,
    same_site: SameSite,
    is_secure: bool,
    is_http_only: bool,
}

/// With which requests a browser sends a cookie that another site has made it make
/// (<https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis>, section 5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// With none.
    Strict,
    /// When a link is followed.
    #[default]
    Lax,
    /// With all: the cookie has to be secure.
    None,
}

impl Cookie {
    /// A cookie of this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: "/".into(),
            domain: None,
            max_age: None,
            same_site: SameSite::default(),
            is_secure: true,
            is_http_only: true,
        }
    }

    /// One that has the browser forget the cookie of this name, path and domain.
    pub fn removed(name: impl Into<String>) -> Self {
        Self::new(name, "").max_age(Duration::ZERO)
    }

    /// How long the browser keeps it, in whole seconds.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age.as_secs());
        self
    }

    /// The paths that it is sent with: this one and those below.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The domain that it is sent to, with all its sub-domains, in place of this host alone.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// With which requests of other sites it is sent.
    #[must_use]
    pub const fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Has it be sent without encryption too.
    #[must_use]
    pub const fn insecure(mut self) -> Self {
        self.is_secure = false;
        self
    }

    /// Lets scripts of the page read it.
    #[must_use]
    pub const fn readable(mut self) -> Self {
        self.is_http_only = false;
        self
    }

    /// Makes its value another one, of its name and value.
    pub(crate) fn with_value(mut self, make: impl FnOnce(&str, &str) -> String) -> Self {
        self.value = make(&self.name, &self.value);
        self
    }

    /// The value of `set-cookie` (RFC 6265, section 4.1.1).
    fn line(&self) -> Result<String, Error> {
        let is_attribute = |text: &str| !text.bytes().any(|byte| byte == b';' || !is_shown(byte));
        if !is_token(self.name.as_bytes()) {
            return Err(Error::new(ErrorKind::HeaderName));
        }
        if !self.value.bytes().all(is_octet)
            || !is_attribute(&self.path)
            || !self.domain.as_deref().is_none_or(is_attribute)
        {
            return Err(Error::new(ErrorKind::HeaderValue));
        }
        let mut line = format!("{}={}; Path={}", self.name, self.value, self.path);
        if self.is_http_only {
            line += "; HttpOnly";
        }
        if self.is_secure {
            line += "; Secure";
        }
        line += match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        };
        if let Some(domain) = &self.domain {
            line += &format!("; Domain={domain}");
        }
        if let Some(age) = self.max_age {
            line += &format!("; Max-Age={age}");
        }
        Ok(line)
    }
}

impl fmt::Debug for Cookie {
    /// Not its value, by which somebody may be signed in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        f.debug_struct("Cookie")
            .field("name", name)
            .finish_non_exhaustive()
    }
}

const fn is_shown(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

/// What a value is made of (RFC 6265, section 4.1.1: `cookie-octet`).
const fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

impl Request {
    /// The value of the cookie of this name, if the client has sent one; of several the first, which has the longest path (RFC 6265,
    /// section 5.4). Quotes around a value are part of it, as browsers have it.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookie(self.headers(), name)
    }
}

/// The value of a cookie among these headers of a request.
pub(crate) fn cookie<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    cookies(headers, name).next()
}

/// The values of all cookies of a name, of which a client may have one for each path and domain.
pub(crate) fn cookies<'a>(headers: &'a Headers, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all("cookie");
    // HTTP/2 clients may send a header for each (RFC 9113, section 8.2.3).
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.filter_map(move |pair| {
        let pair = core::str::from_utf8(pair.trim_ascii()).ok()?;
        let (own, value) = pair.split_once('=')?;
        (own == name).then_some(value)
    })
}

impl Response {
    /// Sets a cookie.
    ///
    /// # Errors
    ///
    /// [`HeaderName`](ErrorKind::HeaderName) for a name that is not a token; [`HeaderValue`](ErrorKind::HeaderValue) for a value with
    /// spaces, quotes, commas, semicolons, backslashes or what is not ASCII, which is percent-encoded or in base64 before; the same for
    /// a path or a domain with semicolons or control characters.
    pub fn with_cookie(self, cookie: Cookie) -> Result<Self, Error> {
        let line = cookie.line()?;
        self.with_header("set-cookie", line)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Method, Uri};
    use super::*;

    fn request(lines: &[&[u8]]) -> Request {
        let mut request = Request::new(Method::GET, Uri::parse("/").unwrap());
        for line in lines {
            request = request.with_header("cookie", line).unwrap();
        }
        request
    }

    #[test]
    fn a_cookie_is_found_by_its_name() {
        let request = request(&[b"a=1; b=x=y;c=", b"a=2; d=\"q\"; \xff=3; e; f =4;g= 5 "]);
        for (name, value) in [
            ("a", Some("1")),
            ("b", Some("x=y")),
            ("c", Some("")),
            ("d", Some("\"q\"")),
            ("e", None),
            ("f", None),
            ("g", Some(" 5")),
            ("A", None),
            ("", None),
        ] {
            assert_eq!(request.cookie(name), value, "{name}");
        }
    }

    #[test]
    fn a_cookie_says_where_it_is_sent() {
        let line = |cookie: Cookie| cookie.line().unwrap();
        let all = Cookie::new("a", "1")
            .path("/x")
            .domain("example.com")
            .same_site(SameSite::None)
            .max_age(Duration::from_millis(1999));
        assert_eq!(
            line(all),
            "a=1; Path=/x; HttpOnly; Secure; SameSite=None; Domain=example.com; Max-Age=1"
        );
        let open = Cookie::new("a", "").same_site(SameSite::Strict);
        assert_eq!(
            line(open.insecure().readable()),
            "a=; Path=/; SameSite=Strict"
        );
        let gone = "a=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0";
        assert_eq!(line(Cookie::removed("a")), gone);
    }

    #[test]
    fn what_would_be_read_otherwise_is_refused() {
        for (name, value) in [
            ("", "1"),
            ("a b", "1"),
            ("a=", "1"),
            ("a;", "1"),
            ("ä", "1"),
        ] {
            let error = Cookie::new(name, value).line().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::HeaderName, "{name}");
        }
        for value in ["a b", "a;b", "a,b", "\"a\"", "a\\b", "ä", "a\nb", "\u{7f}"] {
            let error = Cookie::new("a", value).line().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::HeaderValue, "{value}");
        }
        for wrong in ["/; Domain=evil.example", "/\r\n"] {
            assert!(Cookie::new("a", "1").path(wrong).line().is_err());
            assert!(Cookie::new("a", "1").domain(wrong).line().is_err());
        }
    }
}
