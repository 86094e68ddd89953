//! Middleware: code that wraps all routes.

mod body_limit;
mod cache_control;
mod cors;
mod etag;
mod idempotency;
#[cfg(any(feature = "log", feature = "tracing"))]
mod library_log;
mod rate_limit;
mod request_log;
mod same_origin;
mod security_headers;
mod timeout;

use alloc::boxed::Box;
use core::fmt;

pub use body_limit::BodyLimit;
pub use cache_control::CacheControl;
pub use cors::Cors;
pub use etag::Etag;
pub use idempotency::Idempotency;
#[cfg(any(feature = "log", feature = "tracing"))]
pub use library_log::LibraryLog;
pub use rate_limit::RateLimit;
pub use request_log::RequestLog;
pub use same_origin::SameOrigin;
pub use security_headers::SecurityHeaders;
pub use timeout::Timeout;

use super::{Context, LocalFuture, Result, Service};
use crate::http::{Request, Response};

/// Middleware: one of those in this module, or any `async fn(Context, Request, Next) -> Result<Response>`.
///
/// - Calls `next.run(cx, req)` once to continue, or responds by itself.
/// - Sees the responses to unmatched routes, but for that of an app that is [mounted](crate::App::mount), and errors already converted
///   to responses.
/// - Passes on the request that it got, changed where it has to be: a new one has no path parameters, which that of a group needs.
/// - Does not see a panic: that ends the request at the target.
///
/// ```
/// use guru_core::{App, Context, Error, ErrorKind, Next, Request, Response, Result, memory};
///
/// async fn keyed(cx: Context, req: Request, next: Next) -> Result<Response> {
///     if req.headers().get("x-key") != Some(b"open sesame") {
///         return Err(Error::new(ErrorKind::Unauthorized, "x-key is missing or wrong"));
///     }
///     Ok(next.run(cx, req).await)
/// }
///
/// let client = memory::Client::new(App::new().with(keyed)).unwrap();
/// assert_eq!(client.get("/").status().as_u16(), 401);
/// ```
pub trait Middleware {
    /// Handles a request, or passes it on.
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>>;
}

impl<F, A> Middleware for F
where
    F: Fn(Context, Request, Next) -> A,
    A: Future<Output = Result<Response>> + 'static,
{
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        Box::pin(self(cx, req, next))
    }
}

/// The rest of the chain: the next middleware, or the routes.
pub struct Next {
    service: Service,
    index: usize,
}

impl Next {
    pub(super) fn first(service: &Service) -> Self {
        Self {
            service: service.clone(),
            index: 0,
        }
    }

    /// How many bytes of a body the routes behind this may read that say nothing else.
    pub(super) fn body_limit(&self) -> usize {
        self.service.body_limit()
    }

    /// Runs the rest of the chain. Errors have already been converted to responses.
    pub async fn run(self, cx: Context, req: Request) -> Response {
        let inner = &self.service.0;
        let answer = match inner.middleware.get(self.index) {
            None => inner.endpoint(cx.clone(), req).await,
            Some(middleware) => {
                let next = Self {
                    service: self.service.clone(),
                    index: self.index + 1,
                };
                middleware.call(cx.clone(), req, next).await
            }
        };
        answer.unwrap_or_else(|error| error.into_response(&cx))
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
