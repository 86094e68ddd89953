//! Refuses bodies that are larger than some of the app's own routes want. It must not know how a
//! target reads: what it reads at most is [`App::body_limit`](crate::App::body_limit).

use alloc::boxed::Box;

use super::{Middleware, Next};
use crate::app::{Context, ErrorKind, LocalFuture, Result};
use crate::http::{Request, Response};

/// Answers 413 to a request with a larger body than this, under a path that starts with a prefix.
///
/// ```
/// use guru_core::{App, app::middleware::BodyLimit};
///
/// let app = App::new().with(BodyLimit::new(1024).under("/comments"));
/// ```
#[derive(Clone, Debug)]
pub struct BodyLimit {
    bytes: usize,
    prefix: &'static str,
}

impl BodyLimit {
    /// At most this many bytes, everywhere.
    #[must_use]
    pub const fn new(bytes: usize) -> Self {
        Self { bytes, prefix: "/" }
    }

    /// Only where the raw path starts with `prefix`.
    #[must_use]
    pub const fn under(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }
}

impl Middleware for BodyLimit {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let refused = req.uri().path().starts_with(self.prefix) && req.body().exceeds(self.bytes);
        Box::pin(async move {
            if refused {
                return Err(ErrorKind::ContentTooLarge.into());
            }
            Ok(next.run(cx, req).await)
        })
    }
}
