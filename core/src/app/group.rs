//! Apps made of apps: groups of routes, state, and what answers where no route matches.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::future::ready;

use super::router::{Added, Fallbacks, Refuse, Router};
use super::service::Inner;
use super::shape::Shape;
use super::values::{Shared, State};
use super::{
    App, BODY_LIMIT, Context, Error, ErrorKind, Handler, IntoHandler, LocalFuture, Middleware,
    Next, Result, Service, unlimited,
};
use crate::http::{Method, Request, Response};

/// The rest of a path under which an app is mounted that has a fallback. It is told to nobody.
const UNMATCHED: &str = "{*unmatched}";

impl App {
    /// Routes these methods on `pattern` to one handler.
    #[must_use]
    pub fn on<A, H: IntoHandler<A>>(
        mut self,
        methods: impl IntoIterator<Item = Method>,
        pattern: &str,
        handler: H,
    ) -> Self {
        self.router.note_settling::<H::Handler>();
        let handler: Rc<dyn Handler> = Rc::new(handler.into_handler());
        for method in methods {
            let handler = Rc::clone(&handler);
            let added = self.router.add(Some(method), pattern, handler, None);
            self.fail(added);
        }
        self
    }

    /// Routes below `prefix`, with middleware, a body limit, state and errors of their own: [`mount`](Self::mount) with an app that is
    /// made on the spot.
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
    /// - Its route `/` is the prefix itself: `/api` and not `/api/`. `/{*rest}` is what is below; a route `/` beside it answers at the
    ///   prefix.
    /// - Its middleware is around its own routes, inside of this app's, and sees what has the path of one of them, with any method. (A
    ///   preflight for CORS is one.) What matches none is this app's, unless it has a [fallback](Self::fallback), which is then for what is
    ///   below the prefix.
    /// - Its body limit is its routes', its [state](Self::state) goes before this app's for them, and so do its [errors](Self::errors).
    /// - Paths stay whole: a handler, [`BodyLimit::under`](super::middleware::BodyLimit::under) and
    ///   [`Proxy::without`](crate::app::Proxy::without) see the prefix. The pattern of [`Request::route`] has it, too.
    ///
    /// A prefix may have `{name}`s, which its handlers see as theirs.
    #[must_use]
    pub fn mount(mut self, prefix: &str, app: Self) -> Self {
        let done = self.try_mount(prefix, app);
        self.fail(done);
        self
    }

    fn try_mount(&mut self, prefix: &str, app: Self) -> Result<()> {
        if !prefix.is_empty() && (!prefix.starts_with('/') || prefix.ends_with('/')) {
            let message = format!(
                "the prefix \"{prefix}\" starts with no '/', or ends with one: write it as \"/api\""
            );
            return Err(Error::new(ErrorKind::Internal, message));
        }
        if let Some(error) = app.error {
            return Err(error);
        }
        if app.starting.is_some() {
            let message = "an app that waits for its start is not mounted in another: mount others in the app that it makes";
            return Err(Error::new(ErrorKind::Internal, message));
        }
        let around = Around {
            middleware: app.middleware,
            body_limit: app.body_limit,
            state: app.state,
        };
        let around = (!around.is_empty()).then(|| Rc::new(around));
        if around.is_some() || app.router.settle.is_some() {
            self.router.settle = Some(Router::settle_all);
        }
        let wrap = |handler| match &around {
            Some(around) => around.wrap(handler),
            None => handler,
        };
        let fallback = app.router.fallbacks.own.clone();
        let (added, below) = app.router.into_added();
        for Added {
            method,
            pattern,
            handler,
            refuse: inner,
        } in added
        {
            let is_root = &*pattern == "/" && !prefix.is_empty();
            let pattern = if is_root { "" } else { &pattern };
            let refuse = match &around {
                Some(around) => Some(around.refuse(inner)),
                None => inner,
            };
            let pattern = format!("{prefix}{pattern}");
            self.router.add(method, &pattern, wrap(handler), refuse)?;
        }
        if fallback.is_some() || !below.is_empty() {
            self.router.find_fallback = Some(Fallbacks::find);
        }
        let fallbacks = &mut self.router.fallbacks;
        for Added {
            pattern, handler, ..
        } in below
        {
            fallbacks.add(&format!("{prefix}{pattern}"), wrap(handler))?;
        }
        let Some(fallback) = fallback.map(wrap) else {
            return Ok(());
        };
        if !prefix.is_empty() {
            fallbacks.add(prefix, Rc::clone(&fallback))?;
            return fallbacks.add(&format!("{prefix}/{UNMATCHED}"), fallback);
        }
        fallbacks.set_own(fallback)
    }

    /// Has a handler answer what matches no route, in place of a 404. A path that has a route, with another method, is a 405 as
    /// before. It has no path parameters, and [`Request::route`] is `None`.
    #[must_use]
    pub fn fallback<A, H: IntoHandler<A>>(mut self, handler: H) -> Self {
        self.router.note_settling::<H::Handler>();
        self.router.find_fallback = Some(Fallbacks::find);
        let handler = Rc::new(handler.into_handler());
        let done = self.router.fallbacks.set_own(handler);
        self.fail(done);
        self
    }

    /// Gives handlers a value that they share, by its type: [`Context::state`]. A second one of a type takes the place of the first.
    ///
    /// It belongs to an instance of the app, and what one is is the vendor's (docs/portability.md, point 10): natively each thread has
    /// one, on Cloudflare and Spin an instance serves some requests and ends without a word, in our host, and so on Lambda, each request
    /// has a new one. So it is for what is made of the code, and made when it is first needed (`core::cell::LazyCell`): what is made
    /// at once is made for every request there. What has to stay belongs to a [store](crate::KeyValue).
    ///
    /// Requests of an instance may overlap at an `await`, natively and on Spin: no `RefCell` in it is borrowed over one.
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
        if let Some(state) = State::of(&mut self.state) {
            state.set(value);
        }
        self
    }

    pub(super) fn with_shape(mut self, shape: Shape) -> Self {
        if let Some(state) = State::of(&mut self.state) {
            state.shape = Some(shape);
        }
        self
    }
}

/// What is around the handlers of an app that is part of another.
struct Around {
    middleware: Vec<Rc<dyn Middleware>>,
    body_limit: Option<usize>,
    state: Option<Rc<dyn Shared>>,
}

impl Around {
    fn is_empty(&self) -> bool {
        self.middleware.is_empty() && self.body_limit.is_none() && self.state.is_none()
    }

    fn wrap(&self, handler: Rc<dyn Handler>) -> Rc<dyn Handler> {
        Rc::new(Wrapped::new(self, handler))
    }

    /// The same for the answer to a method that a route does not have.
    fn refuse(self: &Rc<Self>, inner: Option<Refuse>) -> Refuse {
        let around = Rc::clone(self);
        Rc::new(move |error| {
            let inner = match &inner {
                Some(inner) => inner(error),
                None => refused(error),
            };
            around.wrap(inner)
        })
    }
}

/// Fails with this, once, whatever the body.
fn refused(error: Error) -> Rc<dyn Handler> {
    let error = RefCell::new(Some(error));
    Rc::new(unlimited(move |_: Context, _: Request| {
        let error = error.take().unwrap_or_else(Error::not_found);
        ready(Err::<Response, _>(error))
    }))
}

/// A handler with middleware of its own.
pub struct Wrapped {
    service: Service,
    body_limit: Option<usize>,
    state: Option<Rc<dyn Shared>>,
}

/// A handler with a middleware around it that no other route has. Several are nested, the outermost first. A middleware that answers
/// other methods too, as [`Cors`](super::middleware::Cors) does a preflight, is for a [group](App::group).
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
pub fn wrapped<A>(middleware: impl Middleware + 'static, handler: impl IntoHandler<A>) -> Wrapped {
    let around = Around {
        middleware: vec![Rc::new(middleware)],
        body_limit: None,
        state: None,
    };
    Wrapped::new(&around, Rc::new(handler.into_handler()))
}

impl Wrapped {
    fn new(around: &Around, handler: Rc<dyn Handler>) -> Self {
        // The route was found by the app that this is a part of.
        let mut router = Router::default();
        router.find_fallback = Some(Fallbacks::find);
        router.fallbacks.own = Some(handler);
        let service = Service::new(Inner {
            router,
            middleware: around.middleware.clone(),
            body_limit: BODY_LIMIT.into(),
            state: None,
            starting: None,
        });
        Self {
            service,
            body_limit: around.body_limit,
            state: around.state.clone(),
        }
    }
}

impl Handler for Wrapped {
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
        if let Some(state) = &self.state {
            cx.values_or_new().enter(Rc::clone(state).state());
        }
        let next = Next::first(&self.service);
        Box::pin(async move { Ok(next.run(cx, req).await) })
    }

    /// None: what is inside has one, since a middleware may put another body in place of the first.
    fn body_limit(&self) -> Option<usize> {
        Some(usize::MAX)
    }

    fn settle(&self, usual: usize) {
        let usual = self.body_limit.unwrap_or(usual);
        let inner = &self.service.0;
        inner.body_limit.set(usual);
        inner.router.settle_all(usual);
    }

    fn settles() -> bool {
        true
    }
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrapped").finish_non_exhaustive()
    }
}
