//! What caches may do with answers (RFC 9111, section 5.2.2).

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use core::fmt;
use core::time::Duration;

use super::{Middleware, Next};
use crate::app::{Context, LocalFuture, Result};
use crate::http::{Method, Request, Response, Status};

/// Sets `cache-control` on answers that have none: on successes and 304, to `GET` and `HEAD`; [`no_store`](Self::no_store) on every
/// answer, since a cache may keep some errors and redirects by itself (RFC 9111, section 4.2.2). Durations are whole seconds; what is less
/// than one is none.
///
/// [`public`](Self::public) lets caches that many clients share, such as a CDN, give the answer to anybody, whoever has asked
/// first. Where a request has `authorization` (RFC 9111, section 3.5) or an answer has `set-cookie` (section 7.3), the answer is
/// `private` in place of it. So a middleware that sets cookies goes inside, which is added after this one; and that an answer depends on a
/// cookie of the request cannot be seen: such a route is `private` by itself.
///
/// ```
/// use core::time::Duration;
/// use guru_core::{App, app::middleware::CacheControl, memory};
///
/// async fn script() -> &'static str {
///     "alert('hello')"
/// }
///
/// let year = Duration::from_secs(365 * 24 * 60 * 60);
/// let app = App::new()
///     .with(CacheControl::no_store())
///     .group("/assets", |group| group.with(CacheControl::public(year).immutable()).get("/script.js", script))
///     .get("/", || async { "hello" });
/// let client = memory::Client::new(app)?;
/// assert_eq!(client.get("/").header("cache-control"), Some("no-store"));
/// let asset = client.get("/assets/script.js");
/// assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CacheControl {
    value: Rc<str>,
    is_public: bool,
    is_for_all: bool,
}

impl CacheControl {
    /// Any cache may keep the answer, and give it to anybody for so long.
    #[must_use]
    pub fn public(age: Duration) -> Self {
        Self {
            is_public: true,
            ..Self::new(format_args!("public, max-age={}", age.as_secs()))
        }
    }

    /// The client's own cache alone may keep the answer, and use it for so long.
    #[must_use]
    pub fn private(age: Duration) -> Self {
        Self::new(format_args!("private, max-age={}", age.as_secs()))
    }

    /// A cache may keep the answer, and asks before each use whether it still holds: for [`Etag`](super::Etag).
    #[must_use]
    pub fn no_cache() -> Self {
        Self::new(format_args!("no-cache"))
    }

    /// No cache keeps the answer.
    #[must_use]
    pub fn no_store() -> Self {
        Self {
            is_for_all: true,
            ..Self::new(format_args!("no-store"))
        }
    }

    /// The content never changes as long as the answer is fresh: it is not asked for again when a page is reloaded (RFC 8246). For
    /// a path that has the version of its content in it.
    #[must_use]
    pub fn immutable(self) -> Self {
        self.and(format_args!("immutable"))
    }

    /// For so long after that, a cache may still give the old answer while it fetches a new one (RFC 5861, section 3).
    #[must_use]
    pub fn stale_while_revalidate(self, time: Duration) -> Self {
        self.and(format_args!("stale-while-revalidate={}", time.as_secs()))
    }

    /// For so long after that, a cache may still give the old answer where it gets a 500, 502, 503 or 504, or none (RFC 5861,
    /// section 4).
    #[must_use]
    pub fn stale_if_error(self, time: Duration) -> Self {
        self.and(format_args!("stale-if-error={}", time.as_secs()))
    }

    /// For caches that many clients share, the answer is fresh for so long instead (RFC 9111, section 5.2.2.10). Like
    /// [`public`](Self::public), it lets them keep an answer to a request with `authorization`, and gives way to `private` with it.
    #[must_use]
    pub fn shared_max_age(self, age: Duration) -> Self {
        Self {
            is_public: true,
            ..self.and(format_args!("s-maxage={}", age.as_secs()))
        }
    }

    fn new(value: fmt::Arguments<'_>) -> Self {
        Self {
            value: format!("{value}").into(),
            is_public: false,
            is_for_all: false,
        }
    }

    fn and(self, directive: fmt::Arguments<'_>) -> Self {
        Self {
            value: format!("{}, {directive}", self.value).into(),
            ..self
        }
    }
}

impl Middleware for CacheControl {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let Self {
            value,
            is_public,
            is_for_all,
        } = self.clone();
        Box::pin(async move {
            let is_read = [Method::GET, Method::HEAD].contains(req.method());
            let is_signed_in = req.headers().contains("authorization");
            let mut response = next.run(cx, req).await;
            let status = response.status();
            let is_success = matches!(status.as_u16(), 200..=299) || status == Status::NOT_MODIFIED;
            let headers = response.headers_mut();
            if headers.contains("cache-control") || !(is_for_all || is_read && is_success) {
                return Ok(response);
            }
            let is_someones = is_signed_in || headers.contains("set-cookie");
            let value = if is_public && is_someones {
                "private"
            } else {
                &*value
            };
            headers.append("cache-control", value)?;
            Ok(response)
        })
    }
}
