//! Apps that are made of settings, secrets and data.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use core::cell::{Cell, OnceCell};
use core::ops::Deref;

use super::{
    App, Context, Error, ErrorKind, Handler, Invocation, LocalFuture, Next, Result, Service,
};
use crate::http::{Method, Request, Response};

/// What an app is made with: all that a handler's [`Context`] has. There is no request: the id is `start`, and nothing goes on
/// [after its answer](Context::wait_until).
///
/// ```
/// use guru_core::app::Start;
/// use guru_core::{App, Context, ErrorKind, Error, Request, Response, Result, app::middleware::Cors, memory};
///
/// async fn app(start: Start) -> Result<App> {
///     let origin = start.config().get("ORIGIN")?.ok_or_else(|| {
///         Error::new(ErrorKind::Internal, "ORIGIN is not set: the origin of the page, as in https://app.example.com")
///     })?;
///     Ok(App::new().with(Cors::new().allow_origin(&origin)).get("/", home))
/// }
///
/// async fn home(_cx: Context, _req: Request) -> Result<Response> {
///     Ok(Response::text("home"))
/// }
///
/// let settings = memory::Config::from([("ORIGIN", "https://app.example.com")]);
/// let client = memory::Client::of(app)?.config(settings);
/// client.get("/").assert_text("home");
///
/// let client = memory::Client::of(app)?;
/// client.get("/").assert_status(500);
/// assert!(client.log().take()[0].message.contains("ORIGIN is not set"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Start(Context);

impl Deref for Start {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

/// What makes an app: a `fn() -> App`, or an `async fn(Start) -> Result<App>`.
///
/// An app of the second kind is made for each instance, of which [`App::state`] says what that is on each vendor: natively before a
/// worker takes its first request, so that what fails there is an error at the start; elsewhere, and natively after
/// a crash, by the first request of the instance, which is answered with 500 when it fails (503 and 504 where a port is unavailable or
/// late), with the reason in the log. Nothing of a failure is kept: the next request tries again. A request owns the start that it makes,
/// with its time: one that ends before it is made takes it along, and of two that come at once each makes one, of which the first stays.
///
/// What it waits for, the first request of an instance waits for; in our host, and so on Lambda, each request does. (A store that is
/// read there is read by each of them.) Its routes are checked when it is made.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not make an app",
    label = "not an app",
    note = "an app is made by a `fn() -> App`, or by an `async fn(Start) -> guru::Result<App>`"
)]
pub trait IntoApp<Arguments> {
    /// Makes the app, or one that will be made of this.
    fn into_app(self) -> App;
}

impl<F: FnOnce() -> App> IntoApp<()> for F {
    fn into_app(self) -> App {
        self()
    }
}

impl<F, A> IntoApp<Start> for F
where
    F: Fn(Start) -> A + 'static,
    A: Future<Output = Result<App>> + 'static,
{
    fn into_app(self) -> App {
        let starting = Rc::new(Starting {
            make: self,
            body_limit: Cell::default(),
            service: OnceCell::new(),
        });
        let mut app = App::new().fallback(Shared(Rc::clone(&starting)));
        app.starting = Some(starting);
        app
    }
}

/// An app that is made when it is first needed.
struct Starting<F> {
    make: F,
    /// The limit of bodies, where the target has one that goes before the app's.
    body_limit: Cell<Option<usize>>,
    service: OnceCell<Service>,
}

/// Makes an app, if it is not made yet.
pub(super) trait Begin {
    fn begin(self: Rc<Self>, start: Start) -> LocalFuture<Result<Service>>;

    /// Has it have this limit of bodies, whatever it says.
    fn limit(&self, body: usize);
}

impl<F, A> Begin for Starting<F>
where
    F: Fn(Start) -> A + 'static,
    A: Future<Output = Result<App>> + 'static,
{
    fn begin(self: Rc<Self>, start: Start) -> LocalFuture<Result<Service>> {
        Box::pin(async move {
            if let Some(service) = self.service.get() {
                return Ok(service.clone());
            }
            let mut app = (self.make)(start).await.map_err(failed)?;
            app.body_limit = self.body_limit.get().or(app.body_limit);
            let made = app.into_service().map_err(failed)?;
            // Of two requests that have both made one, the first has.
            Ok(self.service.get_or_init(|| made).clone())
        })
    }

    fn limit(&self, body: usize) {
        self.body_limit.set(Some(body));
    }
}

/// What the log says of a start. No request is at fault, whatever the kind.
fn failed(error: Error) -> Error {
    const WHAT: &str = "the app did not start";
    if error.kind().is_ours() {
        return error.context(WHAT);
    }
    Error::new(ErrorKind::Internal, format!("{WHAT}: {error}"))
}

/// The handler of all its requests.
struct Shared<B>(Rc<B>);

impl<F, A> Handler for Shared<Starting<F>>
where
    F: Fn(Start) -> A + 'static,
    A: Future<Output = Result<App>> + 'static,
{
    fn call(&self, cx: Context, req: Request) -> LocalFuture<Result<Response>> {
        let begun = Rc::clone(&self.0).begin(Start::of(&cx));
        Box::pin(async move {
            let service = begun.await?;
            service.enter(&cx);
            Ok(Next::first(&service).run(cx, req).await)
        })
    }

    /// None: the app that is made has one.
    fn body_limit(&self) -> Option<usize> {
        Some(usize::MAX)
    }
}

impl Start {
    /// That of the instance that a request is the first of.
    fn of(cx: &Context) -> Self {
        Self(cx.another(Invocation::new("start")))
    }
}

impl Service {
    /// Makes the app, where that [waits](IntoApp) for something, and returns its service: for targets that can refuse to start. Others need
    /// not call it.
    ///
    /// # Errors
    ///
    /// What it has failed with.
    pub async fn start(&self, cx: &Context) -> Result<Self> {
        match &self.0.starting {
            Some(starting) => {
                let made = Rc::clone(starting).begin(Start::of(cx)).await?;
                // What a target makes room for.
                self.0.body_limit.set(made.body_limit());
                Ok(made)
            }
            None => Ok(self.clone()),
        }
    }

    /// The routes in insertion order: the method (`None` for any) and the pattern.
    pub fn routes(&self) -> impl Iterator<Item = (Option<&Method>, &str)> {
        self.0.router.routes()
    }
}
