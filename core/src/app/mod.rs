//! The app: routes, middleware and error handling.
//!
//! Nothing here depends on a vendor or a socket: a target passes requests in and sends the responses.

mod answer;
mod arguments;
mod blob;
mod conditions;
mod context;
mod digest;
mod error;
mod events;
mod extract;
mod extractors;
mod fetch;
mod finish;
mod group;
mod handler;
mod invoke;
mod key_value;
mod later;
pub mod middleware;
mod pattern;
mod proxy;
mod query;
mod router;
mod rows;
mod secret;
mod service;
mod shape;
mod signed;
mod sql;
mod start;
mod stream;
pub mod time;
mod trace;
mod values;

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::fmt;

pub use answer::IntoResponse;
pub use arguments::{FromHead, FromRequest, IntoHandler, Taking, ViaBody, ViaHead, Whole};
pub use blob::Blob;
pub use context::{Context, Invocation};
pub use error::{Error, ErrorKind};
pub use events::{Event, Events};
pub use extractors::{
    Basic, Bearer, Cookies, Extension, Form, Header, Html, Json, NamedHeader, OptionalFromHead,
    OptionalFromRequest, Path, Query, State,
};
pub use fetch::Fetch;
pub use group::{Wrapped, wrapped};
pub use handler::{Handler, Limited, LocalFuture, limited, unlimited};
pub use invoke::Invoke;
pub use key_value::{Atomic, KeyValue, Stored, Versioned};
pub use later::Later;
pub use middleware::{Middleware, Next};
pub use proxy::Proxy;
pub use secret::Secret;
pub use service::Service;
pub use shape::problem_details;
pub use signed::CookieKey;
pub use sql::Sql;
pub use start::{IntoApp, Start};
pub use stream::Out;

use crate::http::Method;
use router::Router;
use service::Inner;
use values::Shared;

/// The result type of handlers.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// 6 MiB: the limit of the strictest vendor (AWS Lambda, "Invocation payload",
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const BODY_LIMIT: usize = 6 * 1024 * 1024;

/// A function: routes and middleware.
///
/// A pattern is a path. Each segment is a literal, `{name}` for one non-empty segment, or, at the end only, `{*name}`
/// for one or more segments of any kind. Literals are compared with the percent-decoded segment. If several patterns
/// match a path, a literal takes precedence over a name and a name over a rest, from left to right. The path alone
/// selects the pattern; the method is considered afterwards.
///
/// ```
/// use guru_core::{App, Context, Request, Response, Result, memory};
///
/// async fn item(_cx: Context, req: Request) -> Result<Response> {
///     let id: u32 = req.param("id")?;
///     Response::json(&id)
/// }
///
/// let client = memory::Client::new(App::new().get("/items/{id}", item)).unwrap();
/// assert_eq!(client.get("/items/7").body().as_bytes(), Some(&b"7"[..]));
/// assert_eq!(client.get("/items/x").status().as_u16(), 400);
/// assert_eq!(client.get("/other").status().as_u16(), 404);
/// ```
pub struct App {
    router: Router,
    middleware: Vec<Rc<dyn Middleware>>,
    body_limit: Option<usize>,
    state: Option<Rc<dyn Shared>>,
    error: Option<Error>,
    /// What makes the app that this one stands for.
    starting: Option<Rc<dyn start::Begin>>,
}

macro_rules! methods {
    ($($name:ident $method:ident)*) => {
        $(
            #[doc = concat!("Routes `", stringify!($method), "` on `pattern` to `handler`.")]
            #[must_use]
            pub fn $name<A>(self, pattern: &str, handler: impl IntoHandler<A>) -> Self {
                self.add(Some(Method::$method), pattern, handler)
            }
        )*
    };
}

impl App {
    /// Creates an app without routes, which responds to every request with 404.
    #[must_use]
    pub fn new() -> Self {
        Self {
            router: Router::default(),
            middleware: Vec::new(),
            body_limit: None,
            state: None,
            error: None,
            starting: None,
        }
    }

    methods! { get GET post POST put PUT patch PATCH delete DELETE options OPTIONS head HEAD }

    /// Routes `method` on `pattern` to `handler`. A `GET` route also handles `HEAD`, unless `HEAD` has a route of its
    /// own.
    #[must_use]
    pub fn route<A>(self, method: Method, pattern: &str, handler: impl IntoHandler<A>) -> Self {
        self.add(Some(method), pattern, handler)
    }

    /// Routes all methods on `pattern` that have no route of their own to `handler`.
    #[must_use]
    pub fn any<A>(self, pattern: &str, handler: impl IntoHandler<A>) -> Self {
        self.add(None, pattern, handler)
    }

    /// Wraps all routes, and the responses to unmatched requests, in a middleware. The first one added is outermost. Of an app that is
    /// part of another, [`mount`](Self::mount) says what it wraps.
    #[must_use]
    pub fn with(mut self, middleware: impl Middleware + 'static) -> Self {
        self.middleware.push(Rc::new(middleware));
        self
    }

    /// Sets how many bytes of a request body a handler may read, and with it how much memory a request can take; beyond
    /// it, the answer is 413. Defaults to [`BODY_LIMIT`]; a route can have [another](limited), or [none](unlimited),
    /// and a vendor's own limit may be lower.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        if let Some(starting) = &self.starting {
            starting.limit(bytes);
        }
        self.body_limit = Some(bytes);
        self
    }

    /// The routes in insertion order: the method (`None` for any) and the pattern.
    pub fn routes(&self) -> impl Iterator<Item = (Option<&Method>, &str)> {
        self.router.routes()
    }

    /// Builds the service that a target runs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] for the first pattern that is malformed or conflicts with another.
    pub fn into_service(self) -> Result<Service> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let body_limit = self.body_limit.unwrap_or(BODY_LIMIT);
        if let Some(settle) = self.router.settle {
            settle(&self.router, body_limit);
        }
        Ok(Service::new(Inner {
            router: self.router,
            middleware: self.middleware,
            body_limit: body_limit.into(),
            state: self.state,
            starting: self.starting,
        }))
    }

    fn add<A, H: IntoHandler<A>>(
        mut self,
        method: Option<Method>,
        pattern: &str,
        handler: H,
    ) -> Self {
        self.router.note_settling::<H::Handler>();
        let handler = Rc::new(handler.into_handler());
        let added = self.router.add(method, pattern, handler, None);
        self.fail(added);
        self
    }

    /// Keeps the first error until the app is built.
    fn fail(&mut self, done: Result<()>) {
        if self.error.is_none() {
            self.error = done.err();
        }
    }
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.routes()).finish()
    }
}
