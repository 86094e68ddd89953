//! A reverse proxy: a handler that passes requests on to another server, and its answers back.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::net::IpAddr;
use core::time::Duration;

use super::fetch::Fetch;
use super::{Context, Error, ErrorKind, Handler, LocalFuture, Result};
use crate::http::{Headers, Request, Response, Uri, Url};
use crate::ports::{FetchRequest, TIMEOUT};

/// A handler that passes each request on to the server of a port, and its answer back.
///
/// - Method, path, query, content and headers are passed on as they are, but for the headers that belong to one connection
///   ([`Fetch`]). Content and answer are streams: neither is held in memory, and no size is too large.
/// - `forwarded` (RFC 7239) and `x-forwarded-for` get the client's address behind what the request has there already, and
///   `x-forwarded-host` and `forwarded` the host that it asked for. What stands in front of the client's address is what the client
///   said, and proves nothing. `x-forwarded-proto` is what stands in front of the function has made of it: a function does not know
///   how its client reached a vendor's front.
/// - `via` names this proxy (RFC 9110, section 7.6.3).
/// - Redirects, cookies and errors of the server are the client's to see. A server that cannot be reached is a 502, one that does
///   not answer in time a 504.
///
/// ```
/// use guru_core::app::Proxy;
/// use guru_core::{App, Context, Fetch, Request, Response, Result, memory};
/// # fn legacy(cx: &Context) -> Fetch { Fetch::new(cx, &["http://old.example.com"], || unreachable!()) }
///
/// async fn old(_cx: Context, req: Request) -> Result<Response> {
///     Ok(Response::text(format!("{} {}", req.method(), req.uri())))
/// }
///
/// // `legacy` is declared with `guru::ports! { legacy: Fetch["http://old.example.com"] }`.
/// let client = memory::Client::new(App::new().any("/v1/{*rest}", Proxy::to(legacy)))?
///     .origin("http://old.example.com", App::new().any("/v1/{*rest}", old));
/// assert_eq!(client.get("/v1/items?n=1").body().as_bytes(), Some(&b"GET /v1/items?n=1"[..]));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Proxy<P> {
    port: P,
    base: Option<Cow<'static, str>>,
    prefix: &'static str,
    timeout: Duration,
}

impl<P: Fn(&Context) -> Fetch + Clone + 'static> Proxy<P> {
    /// A proxy to the first host that the port declares, which must not have a wildcard.
    pub const fn to(port: P) -> Self {
        Self {
            port,
            base: None,
            prefix: "",
            timeout: TIMEOUT,
        }
    }

    /// A proxy to this URL instead, of a host that the port declares. The path of a request is put behind its path.
    #[must_use]
    pub fn at(mut self, base: impl Into<Cow<'static, str>>) -> Self {
        self.base = Some(base.into());
        self
    }

    /// Leaves this beginning out of the paths of requests: with `/api`, `/api/items` is passed on as `/items`. The path of a
    /// request that begins otherwise is passed on as it is.
    #[must_use]
    pub const fn without(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    /// Sets how long to wait for the answer's head, in place of 30 seconds, and then for each chunk of it.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Passes a request on, as the handler that this is does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadGateway`] and [`ErrorKind::Timeout`] as above, [`ErrorKind::BadRequest`] for a path that cannot be passed
    /// on, as one with a segment `..`.
    pub async fn pass(self, cx: Context, mut req: Request) -> Result<Response> {
        let fetch = (self.port)(&cx);
        let url = self.url(&fetch, &req)?;
        let mut headers = core::mem::take(req.headers_mut());
        forwarded(&mut headers, cx.client_ip())?;
        let request = FetchRequest::new(req.method().clone(), url)
            .with_headers(headers)
            .with_body(req.take_body())
            .with_timeout(self.timeout);
        fetch.pass(request).await
    }

    /// Where a request goes.
    fn url(&self, fetch: &Fetch, req: &Request) -> Result<Url> {
        let declared = fetch.hosts().first().copied().unwrap_or_default();
        let base = self.base.as_deref().unwrap_or(declared);
        let wrong = |error| {
            let message =
                format!("a proxy to {base:?}, which is no URL to fetch: name one with `at`");
            Error::new(ErrorKind::Internal, format!("{message}: {error}"))
        };
        Url::parse(base).map_err(wrong)?;
        let path = self.path(req.uri());
        let url = format!("{}{path}", base.trim_end_matches('/'));
        // What is wrong with it now is in the path, as the segment `..` is, which would lead elsewhere.
        Url::parse(&url).map_err(|error| Error::new(ErrorKind::BadRequest, format!("{error}")))
    }
}

impl<P> Proxy<P> {
    /// The path and the query to pass on. The prefix is compared as a route is: by segments, once they are decoded.
    fn path(&self, uri: &Uri) -> String {
        let mut segments = uri.segments();
        let mut wanted = self.prefix.split('/').filter(|text| !text.is_empty());
        let is_below = wanted.all(|text| segments.next().is_some_and(|segment| segment.is(text)));
        match segments.rest() {
            Some(rest) if is_below => {
                let query = uri.query();
                let mark = if query.is_some() { "?" } else { "" };
                format!("/{rest}{mark}{}", query.unwrap_or_default())
            }
            _ => format!("{uri}"),
        }
    }
}

impl<P: Fn(&Context) -> Fetch + Clone + 'static> Handler for Proxy<P> {
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
        Box::pin(self.clone().pass(cx, req))
    }

    fn body_limit(&self) -> Option<usize> {
        Some(usize::MAX)
    }
}

/// Adds what a proxy says of a request.
fn forwarded(headers: &mut Headers, client: Option<IpAddr>) -> Result<()> {
    let host = headers.get_str("host").map(String::from);
    let mut element = String::new();
    let client_text = client.map_or_else(|| String::from("unknown"), |client| format!("{client}"));
    // A vendor in front of the function may have said so already. The last field counts: a client can send others before it.
    let known = headers.get_all("x-forwarded-for").last();
    let last = known.and_then(|known| known.rsplit(|byte| *byte == b',').next());
    if last.map(<[u8]>::trim_ascii) != Some(client_text.as_bytes()) {
        append(headers, "x-forwarded-for", &client_text)?;
    }
    if let Some(client) = client {
        // An IPv6 address is quoted and in brackets (RFC 7239, section 6.1).
        let _ = match client {
            IpAddr::V4(_) => write!(element, "for={client}"),
            IpAddr::V6(_) => write!(element, "for=\"[{client}]\""),
        };
    } else {
        element.push_str("for=unknown");
    }
    if let Some(host) = host {
        headers.insert("x-forwarded-host", &host)?;
        let _ = write!(element, ";host={}", quoted(&host));
    }
    append(headers, "forwarded", &element)?;
    append(headers, "via", "1.1 guru")?;
    Ok(())
}

/// Appends to a list that is one header.
fn append(headers: &mut Headers, name: &str, value: &str) -> Result<()> {
    let before: Vec<&str> = headers
        .get_all(name)
        .filter_map(|value| core::str::from_utf8(value).ok())
        .collect();
    let all = if before.is_empty() {
        String::from(value)
    } else {
        format!("{}, {value}", before.join(", "))
    };
    headers.insert(name, all)?;
    Ok(())
}

/// A host as the value of a parameter: quoted where it has a port, as a colon is no part of a token (RFC 7239, section 4).
fn quoted(host: &str) -> String {
    let is_token = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if is_token {
        String::from(host)
    } else {
        format!("\"{}\"", host.replace(['"', '\\'], ""))
    }
}
