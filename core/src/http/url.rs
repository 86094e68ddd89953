//! Where a request of the function's own goes: an absolute URL.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use super::error::Error;
use super::host;
use super::uri::Uri;

/// The longest URL, in bytes: Cloudflare's limit (<https://developers.cloudflare.com/workers/platform/limits/>, "URL size").
const LIMIT: usize = 16 * 1024;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HTTP in the clear, on port 80 unless the URL says another.
    Http,
    /// HTTP over TLS, on port 443 unless the URL says another.
    Https,
}

impl Scheme {
    /// The scheme in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port of a URL that names none.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An absolute `http` or `https` URL.
///
/// It is read strictly, since hosts are allowed or not by what is read here, and another reader must not find another host in
/// it. What the URL parsers of browsers and of libraries take for different things is refused:
///
/// - The scheme is followed by `://`. There is no user name and no password.
/// - There is no white space, no control character and no backslash.
/// - The host is a name of ASCII letters, digits, `-`, `_` and `.`, which is lower-cased and loses one dot at its end; or an
///   IPv4 address of four decimal numbers; or an IPv6 address in brackets, without a zone. A name has at most 253 bytes, and
///   63 between two dots. One that is not ASCII is written in punycode.
/// - The port is 1 to 65535. Without one it is 80 or 443, by the scheme.
/// - The path and the query are ASCII without any of ``"<>^`{}``, and no segment of the path is `.` or `..`, however encoded:
///   some clients resolve these, and others send them. An empty path is `/`. A fragment is left out.
/// - It has at most 16 KiB.
///
/// ```
/// use guru_core::http::Url;
///
/// let url = Url::parse("HTTPS://API.Example.com:443/v1?q=%20#top")?;
/// assert_eq!(url.to_string(), "https://api.example.com/v1?q=%20");
/// assert_eq!((url.host(), url.port(), url.authority()), ("api.example.com", 443, "api.example.com"));
/// assert!(Url::parse("http://example.com@evil.example/").is_err());
/// # Ok::<(), guru_core::http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: Scheme,
    /// The host, and the port where it is not the scheme's.
    authority: Box<str>,
    port: u16,
    uri: Uri,
}

impl Url {
    /// Parses a URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](super::ErrorKind::Url), with a message that says what is wrong with it. The message has nothing of
    /// the URL, which may hold a secret.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = Self::read(text);
        url.map_err(|problem| Error::url(&format!("not a URL to fetch: {problem}")))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > LIMIT {
            return Err("it has more than 16 KiB");
        }
        if text
            .bytes()
            .any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\')
        {
            return Err("percent-encode white space, control characters and backslashes");
        }
        let (scheme, rest) = text.split_once(':').unwrap_or_default();
        let rest = rest
            .strip_prefix("//")
            .ok_or("it begins with http:// or https://")?;
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
            _ if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
            _ => return Err("its scheme is http or https"),
        };
        let end = rest.bytes().position(|byte| b"/?#".contains(&byte));
        let end = end.unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end).unwrap_or_default();
        let (host, port) = read_authority(authority)?;
        let port = port.unwrap_or(scheme.port());
        let authority = if port == scheme.port() {
            host
        } else {
            format!("{host}:{port}")
        };
        Ok(Self {
            scheme,
            authority: authority.into(),
            port,
            uri: read_target(rest)?,
        })
    }

    /// How the server is spoken to.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host: a name in lower case, an IPv4 address, or an IPv6 address in lower case without brackets, as it was written.
    #[must_use]
    pub fn host(&self) -> &str {
        let text = &*self.authority;
        match text.strip_prefix('[') {
            Some(literal) => literal.split_once(']').unwrap_or_default().0,
            None => text.split_once(':').unwrap_or((text, "")).0,
        }
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The host, an IPv6 address in brackets, and the port where it is not the scheme's own: what `host` is to say.
    #[must_use]
    pub const fn authority(&self) -> &str {
        &self.authority
    }

    /// The path and the query.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }
}

/// The host in lower case, an IPv6 address in brackets, and the port.
fn read_authority(text: &str) -> Result<(String, Option<u16>), &'static str> {
    if text.contains('@') {
        return Err(
            "it holds no user name and no password: send these in the header `authorization`",
        );
    }
    if let Some(literal) = text.strip_prefix('[') {
        let (address, port) = literal
            .split_once(']')
            .ok_or("an IPv6 address ends with ']'")?;
        let address = address.to_ascii_lowercase();
        if host::v6(address.as_bytes()).is_none() {
            return Err("what is in brackets is an IPv6 address without a zone");
        }
        return Ok((format!("[{address}]"), read_port(port)?));
    }
    let colon = text.find(':').unwrap_or(text.len());
    let (host, port) = text.split_at_checked(colon).unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host::check_name(host.as_bytes())?;
    Ok((host, read_port(port)?))
}

fn read_port(text: &str) -> Result<Option<u16>, &'static str> {
    let Some(digits) = text.strip_prefix(':') else {
        return if text.is_empty() {
            Ok(None)
        } else {
            Err("after the host comes ':' and a port, or the path")
        };
    };
    // `parse` takes a sign.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits
        .parse()
        .ok()
        .filter(|port: &u16| is_number && *port > 0);
    port.map(Some)
        .ok_or("a port is a number from 1 to 65535, without ':' where there is none")
}

fn read_target(text: &str) -> Result<Uri, &'static str> {
    let target = text.split_once('#').unwrap_or((text, "")).0;
    // A query's are those that `fetch()` sends as they are too (<https://url.spec.whatwg.org/#query-percent-encode-set>).
    let is_sent_as_it_is = |byte: u8| byte.is_ascii() && !b"\"<>".contains(&byte);
    let path = target.split('?').next().unwrap_or_default();
    if !target.bytes().all(is_sent_as_it_is) || path.contains(['^', '`', '{', '}']) {
        return Err("percent-encode what is not ASCII, and \"<>, in it, and ^`{} in the path");
    }
    let mut whole = String::with_capacity(target.len() + 1);
    if !target.starts_with('/') {
        whole.push('/');
    }
    whole.push_str(target);
    let uri = Uri::parse(whole).map_err(|_| "its path begins with '/'")?;
    let mut segments = uri.segments();
    if segments.any(|segment| segment.is(".") || segment.is("..")) {
        return Err("its path has no segment '.' or '..'");
    }
    Ok(uri)
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [self.scheme.as_str(), "://", &self.authority] {
            f.write_str(part)?;
        }
        fmt::Display::fmt(&self.uri, f)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
