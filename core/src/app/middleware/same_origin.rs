//! Requests that pages of other sites have a browser send (cross-site request forgery).

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::ready;

use super::{Middleware, Next};
use crate::app::{Context, Error, ErrorKind, LocalFuture, Result};
use crate::http::{Headers, Method, Request, Response};

/// Responds with 403 to requests that change something and come from pages of other sites: with the visitor's cookies, but not by
/// their will.
///
/// It follows what the cheat sheet of OWASP calls Fetch Metadata with a fallback
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html>), as Go's
/// `http.CrossOriginProtection` does. No page needs a token for it:
///
/// - `GET`, `HEAD` and `OPTIONS` pass. So they must change nothing (RFC 9110, section 9.2.1).
/// - `sec-fetch-site`, which no page can set, is `same-origin`, or `none` for what the visitor did by hand. Another is refused.
/// - Without it, the host and the port of `origin` are those of `host`: older browsers, and pages over http.
/// - Without both, no browser since 2020 has sent the request: other servers and `curl` pass.
///
/// Where `host` is another one than what browsers see, as behind a CDN, older browsers are refused unless the site's own origin is
/// [allowed](Self::allow_origin). A page of the same host over plain http is told apart by `sec-fetch-site` alone, or by HSTS, which
/// [`SecurityHeaders`](super::SecurityHeaders) has. Origins for which [`Cors`](super::Cors) opens the function are to be allowed here,
/// too.
///
/// ```
/// use guru_core::{App, Method, app::middleware::SameOrigin, memory};
///
/// let app = App::new()
///     .with(SameOrigin::new().allow_origin("https://partner.example"))
///     .post("/transfer", || async { "done" });
/// let client = memory::Client::new(app)?;
/// let from = |site| client.request(Method::POST, "/transfer").header("sec-fetch-site", site);
/// from("same-origin").send().assert_status(200);
/// from("cross-site").header("origin", "https://evil.example").send().assert_status(403);
/// from("cross-site").header("origin", "https://partner.example").send().assert_status(200);
/// client.post("/transfer", "").assert_status(200);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SameOrigin(Rc<Policy>);

#[derive(Clone, Debug, Default)]
struct Policy {
    origins: Vec<String>,
    same_site: bool,
}

impl SameOrigin {
    /// Creates a policy that allows no other origin.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows another origin, written as browsers write it: `https://example.com`, without a slash at its end, and with a port only
    /// where it is not the usual one. `null` is the origin of pages of anybody, and never allowed.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        Rc::make_mut(&mut self.0).origins.push(origin.into());
        self
    }

    /// Allows origins of the same site, `https://a.example.com` for `https://b.example.com`, where the browser says so: whoever has one
    /// of them is trusted. Older browsers do not; origins that are [allowed](Self::allow_origin) by name pass there, too.
    #[must_use]
    pub fn allow_same_site(mut self) -> Self {
        Rc::make_mut(&mut self.0).same_site = true;
        self
    }
}

impl Middleware for SameOrigin {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        if !is_safe(req.method()) && !self.0.allows(req.headers()) {
            let message = "the request comes from a page of another site";
            return Box::pin(ready(Err(Error::new(ErrorKind::Forbidden, message))));
        }
        Box::pin(async move { Ok(next.run(cx, req).await) })
    }
}

/// `TRACE` is safe as well, but nothing that a browser sends.
fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

impl Policy {
    fn allows(&self, headers: &Headers) -> bool {
        let given = |name| headers.get(name).filter(|value| !value.is_empty());
        let origin = given("origin");
        let is_passed = match (given("sec-fetch-site"), origin) {
            (Some(b"same-origin" | b"none"), _) | (None, None) => true,
            (Some(b"same-site"), _) => self.same_site,
            (Some(_), _) => false,
            (None, Some(origin)) => headers
                .get_single("host")
                .is_some_and(|host| is_at(origin, host)),
        };
        is_passed || origin.is_some_and(|origin| self.is_listed(origin))
    }

    fn is_listed(&self, origin: &[u8]) -> bool {
        origin != b"null" && self.origins.iter().any(|held| held.as_bytes() == origin)
    }
}

/// Whether an origin has this host and port. The scheme of a request is not known.
fn is_at(origin: &[u8], host: &[u8]) -> bool {
    let https = origin.strip_prefix(b"https://");
    let http = origin.strip_prefix(b"http://");
    let (own, usual): (_, &[u8]) = match (https, http) {
        (Some(own), _) => (own, b":443"),
        (_, Some(own)) => (own, b":80"),
        _ => return false,
    };
    // A browser leaves the usual port out of both, and others between may not.
    let bare = |text| <[u8]>::strip_suffix(text, usual).unwrap_or(text);
    bare(own).eq_ignore_ascii_case(bare(host))
}
