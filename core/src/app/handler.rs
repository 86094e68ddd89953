//! What answers a request. It must not know how it was found.

use alloc::boxed::Box;
use core::pin::Pin;

use super::{Context, Result};
use crate::http::{Request, Response};

/// A future that stays on its thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// What answers a request: any `async fn(Context, Request) -> Result<Response>`, or a closure like
/// it.
///
/// - May be called again before an earlier call is done.
/// - Its future need not be `Send`: a target runs it on the thread that called it.
pub trait Handler: 'static {
    /// Answers a request.
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>>;
}

impl<F, A> Handler for F
where
    F: Fn(Context, Request) -> A + 'static,
    A: Future<Output = Result<Response>> + 'static,
{
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
        Box::pin(self(cx, req))
    }
}
