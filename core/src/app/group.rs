//! Apps made of apps: groups of routes, state, and what answers where no route matches.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::router::Router;
use super::service::Inner;
use super::shape::Shape;
use super::{
    App, Context, Error, ErrorKind, Handler, LocalFuture, Middleware, Next, Result, Service,
};
use crate::http::{Method, Request, Response};

/// The rest of a path under which an app is mounted whose routes do not match. It can be no parameter of an author's by chance.
pub(super) const UNMATCHED: &str = "{*unmatched-path}";

impl App {
    /// Routes these methods on `pattern` to one handler.
    #[must_use]
    pub fn on(
        mut self,
        methods: impl IntoIterator<Item = Method>,
        pattern: &str,
        handler: impl Handler,
    ) -> Self {
        let handler: Rc<dyn Handler> = Rc::new(handler);
        for method in methods {
            self.insert(Some(method), pattern, Rc::clone(&handler));
        }
        self
    }

    /// Routes below `prefix`, with middleware and a body limit of their own: [`mount`](Self::mount) with an app that is made on the
    /// spot.
    ///
    /// ```
    /// use guru_core::{App, Context, Error, ErrorKind, Next, Request, Response, Result, memory};
    ///
    /// async fn keyed(cx: Context, req: Request, next: Next) -> Result<Response> {
    ///     if req.headers().get("x-key") != Some(b"open sesame") {
    ///         return Err(ErrorKind::Unauthorized.into());
    ///     }
    ///     Ok(next.run(cx, req).await)
    /// }
    ///
    /// async fn ok(_cx: Context, req: Request) -> Result<Response> {
    ///     Ok(Response::text(req.route().unwrap_or_default().to_owned()))
    /// }
    ///
    /// let app = App::new()
    ///     .get("/", ok)
    ///     .group("/users/{user}", |group| group.with(keyed).get("/", ok).get("/items/{id}", ok));
    /// let client = memory::Client::new(app)?;
    /// client.get("/").assert_status(200);
    /// client.get("/users/7").assert_status(401);
    /// let answer = client.request(guru_core::Method::GET, "/users/7/items/1").header("x-key", "open sesame").send();
    /// assert_eq!(answer.text(), "/users/{user}/items/{id}");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn group(self, prefix: &str, routes: impl FnOnce(Self) -> Self) -> Self {
        self.mount(prefix, routes(Self::new()))
    }

    /// Adds the routes of another app, below `prefix`; with the prefix `""`, beside the own ones.
    ///
    /// - Its route `/` is the prefix itself: `/api` and not `/api/`.
    /// - Its middleware is around its own routes, inside of this app's, and sees what matches one of them. Its body limit is
    ///   theirs, too.
    /// - Its [fallback](Self::fallback) answers what is below the prefix and matches no route.
    /// - Its [state](Self::state) is added to this app's. There is one of each type.
    ///
    /// A prefix may have `{name}`s, which its handlers see as theirs.
    #[must_use]
    pub fn mount(mut self, prefix: &str, app: Self) -> Self {
        if !prefix.is_empty() && (!prefix.starts_with('/') || prefix.ends_with('/')) {
            let message = format!(
                "the prefix \"{prefix}\" starts with no '/', or ends with one: write it as \"/api\""
            );
            self.fail(Err(Error::new(ErrorKind::Internal, message)));
            return self;
        }
        self.fail(app.error.map_or(Ok(()), Err));
        if !self.state.take(app.state) {
            let message =
                format!("an app at \"{prefix}\" has state of a type that there is already");
            self.fail(Err(Error::new(ErrorKind::Internal, message)));
        }
        let limit = app.body_limit;
        let around = |handler| match (&*app.middleware, limit) {
            ([], None) => handler,
            _ => {
                let wrapped = Wrapped::new(app.middleware.clone(), handler);
                Rc::new(wrapped.limited(limit))
            }
        };
        let mut has_root = false;
        let fallback = app.router.fallback.clone();
        for (method, pattern, handler) in app.router.into_added() {
            let is_root = &*pattern == "/" && !prefix.is_empty();
            has_root |= is_root;
            let pattern = if is_root { "" } else { &pattern };
            self.insert(method, &format!("{prefix}{pattern}"), around(handler));
        }
        match fallback {
            Some(fallback) if prefix.is_empty() => self.router.fallback = Some(around(fallback)),
            Some(fallback) => {
                let fallback = around(fallback);
                self.insert(None, &format!("{prefix}/{UNMATCHED}"), Rc::clone(&fallback));
                if !has_root {
                    self.insert(None, prefix, fallback);
                }
            }
            None => {}
        }
        self
    }

    /// Has a handler answer what matches no route, in place of a 404. A path that has a route, with another method, is a 405 as
    /// before.
    #[must_use]
    pub fn fallback(mut self, handler: impl Handler) -> Self {
        self.router.fallback = Some(Rc::new(handler));
        self
    }

    /// Gives handlers a value that they share, by its type: [`Context::state`]. A second one of a type takes the place of the first.
    ///
    /// It belongs to an instance of the app, and how long that lives is the vendor's: natively each thread has one, until a request
    /// crashes; on Cloudflare and Spin an instance may serve any number of requests, and end without a word; in our host, and so on
    /// Lambda, each request has a new one. So it is for what is made of the code: compiled patterns, tables, caches that may be
    /// empty. What has to stay belongs to a [store](crate::KeyValue).
    ///
    /// ```
    /// use guru_core::{App, Context, Request, Response, Result, memory};
    ///
    /// struct Greetings(&'static str);
    ///
    /// async fn greet(cx: Context, _req: Request) -> Result<Response> {
    ///     let Greetings(greeting) = cx.state()?;
    ///     Ok(Response::text(*greeting))
    /// }
    ///
    /// let app = App::new().state(Greetings("hello")).get("/", greet);
    /// assert_eq!(memory::Client::new(app)?.get("/").text(), "hello");
    /// # Ok::<(), guru_core::Error>(())
    /// ```
    #[must_use]
    pub fn state<T: 'static>(mut self, value: T) -> Self {
        self.state.set(value);
        self
    }

    pub(super) fn with_shape(mut self, shape: Shape) -> Self {
        self.state.shape = Some(shape);
        self
    }
}

/// A handler with middleware of its own.
pub struct Wrapped {
    service: Service,
    body_limit: Option<usize>,
}

/// A handler with a middleware around it that no other route has. Several are nested, the outermost first.
///
/// ```
/// use guru_core::{App, Context, Request, Response, Result, app::wrapped, memory};
/// use guru_core::app::middleware::SecurityHeaders;
///
/// async fn page(_cx: Context, _req: Request) -> Result<Response> {
///     Ok(Response::html("<p>hello"))
/// }
///
/// let app = App::new().get("/plain", page).get("/", wrapped(SecurityHeaders::new(), page));
/// let client = memory::Client::new(app)?;
/// assert!(client.get("/").header("x-content-type-options").is_some());
/// assert!(client.get("/plain").header("x-content-type-options").is_none());
/// # Ok::<(), guru_core::Error>(())
/// ```
#[must_use]
pub fn wrapped(middleware: impl Middleware + 'static, handler: impl Handler) -> Wrapped {
    Wrapped::new(vec![Rc::new(middleware)], Rc::new(handler))
}

impl Wrapped {
    fn new(middleware: Vec<Rc<dyn Middleware>>, handler: Rc<dyn Handler>) -> Self {
        let body_limit = handler.body_limit();
        // The route was found, and the content limited, by the app that this is a part of.
        let mut router = Router::default();
        router.fallback = Some(handler);
        let service = Service::new(Inner {
            router,
            middleware,
            body_limit: usize::MAX,
            state: None,
        });
        Self {
            service,
            body_limit,
        }
    }

    /// A limit of all handlers of an app, where this one has none.
    fn limited(self, bytes: Option<usize>) -> Self {
        Self {
            body_limit: self.body_limit.or(bytes),
            ..self
        }
    }
}

impl Handler for Wrapped {
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
        let next = Next::first(&self.service);
        Box::pin(async move { Ok(next.run(cx, req).await) })
    }

    fn body_limit(&self) -> Option<usize> {
        self.body_limit
    }
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrapped").finish_non_exhaustive()
    }
}
