//! Cross-origin requests (Fetch, section 3.2 "CORS protocol").

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Middleware, Next};
use crate::app::{Context, LocalFuture, Result};
use crate::http::{Headers, Method, Request, Response, Status};

/// Lets pages of other origins call the function, and responds to their preflight requests.
///
/// No origin is allowed by default. A request without `origin`, or from an origin that is not allowed, is handled as
/// if this middleware were absent.
///
/// ```
/// use guru_core::{App, Method, app::middleware::Cors};
///
/// let app = App::new().with(
///     Cors::new()
///         .allow_origin("https://example.com")
///         .allow_methods(&[Method::GET, Method::POST])
///         .allow_headers(&["content-type"]),
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Cors(Rc<Policy>);

#[derive(Clone, Debug, Default)]
struct Policy {
    any_origin: bool,
    origins: Vec<String>,
    credentials: bool,
    methods: String,
    headers: String,
    expose: String,
    max_age: Option<Duration>,
}

impl Cors {
    /// Creates a policy that allows no origin, and only the methods that need no preflight.
    #[must_use]
    pub fn new() -> Self {
        Self(Rc::new(Policy {
            methods: "GET, HEAD, POST".into(),
            ..Policy::default()
        }))
    }

    /// Allows an origin, such as `https://example.com`.
    #[must_use]
    pub fn allow_origin(self, origin: &str) -> Self {
        self.set(|policy| policy.origins.push(origin.into()))
    }

    /// Allows every origin. Combined with [credentials](Self::allow_credentials), origins must be named individually,
    /// and this allows none.
    #[must_use]
    pub fn allow_any_origin(self) -> Self {
        self.set(|policy| policy.any_origin = true)
    }

    /// Allows cookies and `authorization`, for origins that are named individually.
    #[must_use]
    pub fn allow_credentials(self) -> Self {
        self.set(|policy| policy.credentials = true)
    }

    /// Sets the methods that a preflight response allows.
    #[must_use]
    pub fn allow_methods(self, methods: &[Method]) -> Self {
        let names: Vec<_> = methods.iter().map(Method::as_str).collect();
        self.set(|policy| policy.methods = names.join(", "))
    }

    /// Sets the request headers that a preflight response allows.
    #[must_use]
    pub fn allow_headers(self, names: &[&str]) -> Self {
        self.set(|policy| policy.headers = names.join(", "))
    }

    /// Sets the response headers that a page may read.
    #[must_use]
    pub fn expose_headers(self, names: &[&str]) -> Self {
        self.set(|policy| policy.expose = names.join(", "))
    }

    /// Sets how long a browser may cache a preflight response, in whole seconds.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        self.set(|policy| policy.max_age = Some(age))
    }

    fn set(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(Rc::make_mut(&mut self.0));
        self
    }
}

impl Default for Cors {
    fn default() -> Self {
        Self::new()
    }
}

impl Middleware for Cors {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let policy = Rc::clone(&self.0);
        Box::pin(async move {
            let origin = req
                .headers()
                .get("origin")
                .and_then(|origin| policy.allowed(origin));
            let is_preflight = *req.method() == Method::OPTIONS
                && req.headers().contains("access-control-request-method");
            let mut response = match origin {
                Some(_) if is_preflight => Response::new(Status::NO_CONTENT),
                _ => next.run(cx, req).await,
            };
            let headers = response.headers_mut();
            if !policy.is_public() {
                headers.append("vary", "origin")?;
            }
            if let Some(origin) = origin {
                policy.allow(&origin, headers)?;
                if is_preflight {
                    policy.preflight(headers)?;
                }
            }
            Ok(response)
        })
    }
}

impl Policy {
    /// Whether every origin gets the same response, so that a cache may share it.
    fn is_public(&self) -> bool {
        self.any_origin && !self.credentials
    }

    /// The value of `access-control-allow-origin`, if this origin is allowed.
    fn allowed(&self, origin: &[u8]) -> Option<String> {
        if self.is_public() {
            return Some("*".into());
        }
        self.origins
            .iter()
            .find(|held| held.as_bytes() == origin)
            .cloned()
    }

    fn allow(&self, origin: &str, headers: &mut Headers) -> Result<()> {
        headers.insert("access-control-allow-origin", origin)?;
        if self.credentials {
            headers.insert("access-control-allow-credentials", "true")?;
        }
        if !self.expose.is_empty() {
            headers.insert("access-control-expose-headers", &self.expose)?;
        }
        Ok(())
    }

    fn preflight(&self, headers: &mut Headers) -> Result<()> {
        headers.insert("access-control-allow-methods", &self.methods)?;
        if !self.headers.is_empty() {
            headers.insert("access-control-allow-headers", &self.headers)?;
        }
        if let Some(age) = self.max_age {
            headers.insert("access-control-max-age", format!("{}", age.as_secs()))?;
        }
        Ok(())
    }
}
