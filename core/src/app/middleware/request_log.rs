//! A log record for each request.

use alloc::boxed::Box;
use alloc::string::ToString;

use super::{Middleware, Next};
use crate::app::{Context, LocalFuture, Result};
use crate::http::{Request, Response};

/// Logs the method, path, status and duration in milliseconds of each request, at info level. The query is omitted,
/// because it is where secrets end up.
///
/// The native server logs this by itself; use this middleware on targets whose platform does not.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestLog;

impl Middleware for RequestLog {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        Box::pin(async move {
            let start = cx.clock().now();
            let method = req.method().clone();
            let path = req.uri().path().to_string();
            let response = next.run(cx.clone(), req).await;
            let taken = cx.clock().now().saturating_sub(start);
            let milliseconds = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
            cx.log().info(
                "answered",
                crate::fields! { method, path, status: response.status(), milliseconds },
            );
            Ok(response)
        })
    }
}
