//! The `Handler` trait.

use alloc::boxed::Box;
use core::pin::Pin;

use super::{Context, IntoHandler, IntoResponse, Result};
use crate::http::{Request, Response};

/// A boxed future that stays on its thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// A request handler: any `async fn(Context, Request)` that returns what [can be a response](IntoResponse), or an equivalent closure.
/// ([`IntoHandler`] has those that take other arguments.)
///
/// - May be called again before an earlier call has completed.
/// - The future need not be `Send`: a target polls it on the calling thread.
pub trait Handler: 'static {
    /// Handles a request.
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>>;

    /// How many bytes of a body this handler may read, where that is not the [app's limit](crate::App::body_limit).
    fn body_limit(&self) -> Option<usize> {
        None
    }

    /// Tells a handler that is around others the limit of those that have none of their own, before any request.
    #[doc(hidden)]
    fn settle(&self, _usual: usize) {}

    /// Whether it has to be told.
    #[doc(hidden)]
    fn settles() -> bool
    where
        Self: Sized,
    {
        false
    }
}

impl<F, A> Handler for F
where
    F: Fn(Context, Request) -> A + 'static,
    A: Future<Output: IntoResponse> + 'static,
{
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
        A::Output::boxed(self(cx, req))
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
pub fn limited<A, H: IntoHandler<A>>(bytes: usize, handler: H) -> Limited<H::Handler> {
    let handler = handler.into_handler();
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
pub fn unlimited<A, H: IntoHandler<A>>(handler: H) -> Limited<H::Handler> {
    limited(usize::MAX, handler)
}

impl<H: Handler> Handler for Limited<H> {
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
        self.handler.call(cx, req)
    }

    fn body_limit(&self) -> Option<usize> {
        Some(self.bytes)
    }

    fn settle(&self, _usual: usize) {
        self.handler.settle(self.bytes);
    }

    fn settles() -> bool {
        H::settles()
    }
}
