//! A limit on the time that an answer takes to begin.

use alloc::boxed::Box;
use alloc::format;
use core::time::Duration;

use super::{Middleware, Next};
use crate::app::{Context, Error, ErrorKind, LocalFuture, Result};
use crate::http::{Request, Response};

/// Responds with 504 to a request whose answer has not begun in time: what works on it is dropped at its next `await`. The client sees
/// the status, and the log has the limit.
///
/// - An answer has begun when its handler has returned it; a stream, with its first chunk. What comes after that has no limit here.
/// - The body of the request arrives within this time, too, where the handler waits for it.
/// - What never waits is not interrupted: a target ends a handler that computes for too long.
/// - What was done until then stays done, such as a row that was written.
///
/// ```
/// use core::time::Duration;
/// use guru_core::{App, Context, app::middleware::Timeout, memory};
///
/// async fn slow(cx: Context) -> &'static str {
///     cx.sleep(Duration::from_secs(60)).await;
///     "at last"
/// }
///
/// let app = App::new().with(Timeout::new(Duration::from_secs(5))).get("/", slow);
/// memory::Client::new(app)?.get("/").assert_status(504);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Timeout(Duration);

impl Timeout {
    /// Lets an answer take this long to begin.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self(limit)
    }
}

impl Middleware for Timeout {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let limit = self.0;
        Box::pin(async move {
            let answer = next.run(cx.clone(), req);
            let late = |_| {
                let message = format!("the answer has not begun within {limit:?}");
                Error::new(ErrorKind::Timeout, message)
            };
            cx.timeout(limit, answer).await.map_err(late)
        })
    }
}
