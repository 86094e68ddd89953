//! A lower body limit for some of an app's routes.

use alloc::boxed::Box;

use super::{Middleware, Next};
use crate::app::{Context, LocalFuture, Result};
use crate::http::{Request, Response, Uri};

/// Responds with 413 to requests at or below a path whose body exceeds the limit: at once where its size is known,
/// otherwise to the handler that reads beyond it. It lowers the limit of the app and of a route, and never raises it.
///
/// ```
/// use guru_core::{App, app::middleware::BodyLimit};
///
/// let app = App::new().with(BodyLimit::new(1024).under("/comments"));
/// ```
#[derive(Clone, Debug)]
pub struct BodyLimit {
    bytes: usize,
    path: &'static str,
}

impl BodyLimit {
    /// Limits bodies to this many bytes, on every path.
    #[must_use]
    pub const fn new(bytes: usize) -> Self {
        Self { bytes, path: "" }
    }

    /// Applies the limit only to this path and the paths below it: `/comments` matches `/comments`, `/%63omments` and
    /// `/comments/7`, but not `/commentary`.
    #[must_use]
    pub const fn under(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    fn applies(&self, uri: &Uri) -> bool {
        let mut segments = uri.segments();
        let mut wanted = self.path.split('/').filter(|text| !text.is_empty());
        wanted.all(|text| segments.next().is_some_and(|segment| segment.is(text)))
    }
}

impl Middleware for BodyLimit {
    fn call(&self, cx: Context, mut req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let limited = if self.applies(req.uri()) {
            req.limit_body(self.bytes)
        } else {
            Ok(())
        };
        Box::pin(async move {
            limited?;
            Ok(next.run(cx, req).await)
        })
    }
}
