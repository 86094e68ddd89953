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

    /// Lets no more be read of the body than this handler may: so many bytes, the [app's limit](crate::App::body_limit), unless it has
    /// one of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ContentTooLarge`](super::ErrorKind::ContentTooLarge) for a body that is known to be larger.
    fn limit(&self, _cx: &Context, req: &mut Request, usual: usize) -> Result<()> {
        limit(req, usual)
    }
}

/// Once for all handlers.
#[inline(never)]
pub(super) fn limit(req: &mut Request, bytes: usize) -> Result<()> {
    Ok(req.limit_body(bytes)?)
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

/// A handler with a limit of its own on the bytes of a body.
#[derive(Clone, Copy, Debug)]
pub struct Limited<H> {
    handler: H,
    bytes: usize,
}

/// A handler that may read bodies of up to so many bytes, in place of the [app's limit](crate::App::body_limit).
///
/// A body that is known to be larger gets 413 before the handler is called, and reading beyond the limit is an error,
/// which `?` makes a 413. A vendor's own limit may be lower (docs/portability.md).
pub const fn limited<H: Handler>(bytes: usize, handler: H) -> Limited<H> {
    Limited { handler, bytes }
}

/// A handler that reads a body of any size: chunk by chunk, as what is read at once has to fit in memory.
///
/// ```
/// use guru_core::{App, Context, Request, Response, Result, app::unlimited, memory};
///
/// async fn count(_cx: Context, mut req: Request) -> Result<Response> {
///     let (mut body, mut bytes) = (req.take_body(), 0);
///     while let Some(chunk) = body.chunk().await? {
///         bytes += chunk.len();
///     }
///     Response::json(&bytes)
/// }
///
/// let app = App::new().body_limit(3).post("/", unlimited(count)).post("/limited", count);
/// let client = memory::Client::new(app)?;
/// assert_eq!(client.post("/", "four").body().as_bytes(), Some(&b"4"[..]));
/// assert_eq!(client.post("/limited", "four").status().as_u16(), 413);
/// # Ok::<(), guru_core::Error>(())
/// ```
pub const fn unlimited<H: Handler>(handler: H) -> Limited<H> {
    limited(usize::MAX, handler)
}

impl<H: Handler> Handler for Limited<H> {
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
        self.handler.call(cx, req)
    }

    fn limit(&self, cx: &Context, req: &mut Request, _usual: usize) -> Result<()> {
        self.handler.limit(cx, req, self.bytes)
    }
}
