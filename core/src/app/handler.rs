//! The `Handler` trait.

use alloc::boxed::Box;
use core::pin::Pin;

use super::{Context, Result};
use crate::http::{Request, Response};

/// A boxed future that stays on its thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// A request handler: any `async fn(Context, Request) -> Result<Response>`, or an equivalent closure.
///
/// - May be called again before an earlier call has completed.
/// - The future need not be `Send`: a target polls it on the calling thread.
pub trait Handler: 'static {
    /// Handles a request.
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
