//! The lines of libraries, in the function's own log.

#[cfg(feature = "log")]
mod log;
mod place;
#[cfg(feature = "tracing")]
mod tracing;

use alloc::boxed::Box;
use core::future::poll_fn;
use core::pin::pin;

use self::place::Place;
use super::{Middleware, Next};
use crate::app::{Context, LocalFuture, Result};
use crate::http::{Request, Response};
use crate::ports::Level;

/// Has what libraries write with the crate `log` (feature `log`) and as events of `tracing` (feature `tracing`) arrive in the
/// function's own log: with its level, its `target` as a field, the fields of an event, and the id of the request.
///
/// What is inside of this middleware has its lines known for the request's. A line that comes later, from
/// [`wait_until`](Context::wait_until) or a stream, is logged without an id. A line of a thread that has served no request yet, as one
/// that a library has started, is lost, since a function's log belongs to its thread.
///
/// Lines below [`Level::Info`] are left out, unless [`at_least`](Self::at_least) says otherwise; `trace` always is. Spans are not
/// logged, and the key-value pairs of `log` are not, either. A program that has a logger or a subscriber of its own keeps it: then this
/// does nothing for that crate.
///
/// ```
/// use guru_core::app::middleware::LibraryLog;
/// use guru_core::{App, Context, Request, Response, Result, memory};
///
/// async fn hello(_cx: Context, _req: Request) -> Result<Response> {
///     log::warn!(target: "library", "deprecated");
///     Ok(Response::text("hello"))
/// }
///
/// let client = memory::Client::new(App::new().with(LibraryLog::new()).get("/", hello))?;
/// client.get("/").assert_status(200);
/// let entry = client.log().take().remove(0);
/// assert_eq!(entry.message, "deprecated");
/// assert_eq!(entry.fields, [("target".into(), "library".into())]);
/// assert_eq!(entry.request_id.as_deref(), Some("request-1"));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LibraryLog {
    least: Level,
}

impl LibraryLog {
    /// Takes lines of [`Level::Info`] and above.
    #[must_use]
    pub const fn new() -> Self {
        Self { least: Level::Info }
    }

    /// Takes lines of this level and above.
    ///
    /// ```
    /// use guru_core::app::middleware::LibraryLog;
    /// use guru_core::{App, Level};
    ///
    /// let app = App::new().with(LibraryLog::new().at_least(Level::Warn));
    /// ```
    #[must_use]
    pub const fn at_least(mut self, level: Level) -> Self {
        self.least = level;
        self
    }
}

impl Default for LibraryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl Middleware for LibraryLog {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        #[cfg(feature = "log")]
        log::install(self.least);
        #[cfg(feature = "tracing")]
        tracing::install();
        let place = Place::of_request(cx.clone(), self.least);
        Box::pin(async move {
            let mut rest = pin!(next.run(cx, req));
            // Other requests are polled in between, on the same thread.
            Ok(poll_fn(|task| place.during(|| rest.as_mut().poll(task))).await)
        })
    }
}
