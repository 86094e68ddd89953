//! A test client that calls an app without a server.

use alloc::format;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::cell::Cell;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{self, Poll, Waker};

use serde::Serialize;

use super::data::Data;
use super::fetch::{Answer, Origins};
use super::invoke::Functions;
use super::{Blob, Call, Clock, Config, KeyValue, Log, Random, Reply};
use crate::app::{App, Context, IntoApp, Invocation, Later, Result, Service};
use crate::http::{self, Body, Method, Request, Response, Uri, Url};
use crate::ports::{self, Ports};

/// Calls an app with the ports of [`memory`](super), for unit tests.
///
/// By default the clock stands at 1970, there are no settings and the random seed is 0. Requests have the ids
/// `request-1`, `request-2`, …
///
/// ```
/// use guru_core::{App, Context, Request, Response, Result, memory};
///
/// async fn hello(cx: Context, _req: Request) -> Result<Response> {
///     cx.log().info("greeting", &[]);
///     Ok(Response::text("hello"))
/// }
///
/// let client = memory::Client::new(App::new().get("/", hello))?;
/// assert_eq!(client.get("/").text(), "hello");
/// assert_eq!(client.log().take()[0].message, "greeting");
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Client {
    service: Service,
    ports: Rc<Ports>,
    clock: Clock,
    log: Log,
    origins: Origins,
    data: Data,
    functions: Functions,
    calls: Cell<u64>,
}

impl Client {
    /// Creates a client of this app.
    ///
    /// # Errors
    ///
    /// As [`App::into_service`].
    pub fn new(app: App) -> Result<Self> {
        let (clock, log) = (Clock::default(), Log::default());
        let origins = Origins::new(clock.clone());
        let ports = Ports::new(
            Random::seeded(0),
            clock.clone(),
            log.clone(),
            Config::default(),
        )
        .with_fetch(origins.clone());
        let (data, functions) = (Data::new(clock.clone()), Functions::new(origins.clone()));
        let callable = functions.clone();
        let ports = data.given(ports, move |name| callable.get(name));
        Ok(Self {
            service: app.into_service()?,
            ports: Rc::new(ports),
            clock,
            log,
            origins,
            data,
            functions,
            calls: Cell::new(0),
        })
    }

    /// Creates a client of the app that this makes: a `fn() -> App`, or an `async fn(Start) -> Result<App>`, which is made by the first
    /// request, with what the client was given until then.
    ///
    /// # Errors
    ///
    /// As [`App::into_service`].
    pub fn of<A>(app: impl IntoApp<A>) -> Result<Self> {
        Self::new(app.into_app())
    }

    /// Sets the random seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        Rc::make_mut(&mut self.ports).random = Rc::new(Random::seeded(seed));
        self
    }

    /// Sets the settings.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        Rc::make_mut(&mut self.ports).config = Rc::new(config);
        self
    }

    /// Has this app answer what is [fetched](crate::Fetch) from an origin, such as `http://api.example.com`: in memory, by the
    /// same clock, and by streams. Its log is not the client's, and what it [goes on with](Context::wait_until) is not begun.
    /// An origin that there is not has no address: [`Dns`](ports::ErrorKind::Dns).
    ///
    /// Panics when the origin is not a URL, or the app is not [one](App::into_service).
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a tool for tests, where a panic is the report"
    )]
    pub fn origin(self, origin: &str, app: App) -> Self {
        let service = app.into_service().expect("the app of an origin");
        self.origins.set(url(origin), Answer::Served(service));
        self
    }

    /// Has all that is [fetched](crate::Fetch) from an origin fail with this kind of error. An app that sleeps, or whose
    /// stream fails, makes those of the kinds [`Timeout`](ports::ErrorKind::Timeout) and
    /// [`AnswerBroken`](http::ErrorKind::AnswerBroken) by itself.
    ///
    /// Panics when the origin is not a URL.
    #[must_use]
    pub fn failing_origin(self, origin: &str, kind: ports::ErrorKind) -> Self {
        self.origins.set(url(origin), Answer::Failed(kind));
        self
    }

    /// The key-value store of this name, whether or not the app has used it yet: to fill it, to look into it, and to order
    /// faults.
    #[must_use]
    pub fn store(&self, name: &str) -> KeyValue {
        self.data.stores.get(name)
    }

    /// The blobs of the port of this name, whether or not the app has used it yet: to fill it, to look into it, and to order faults.
    #[must_use]
    pub fn blobs(&self, name: &str) -> Blob {
        self.data.blobs.get(name)
    }

    /// Gives the app a database by this name, before its first use of it: any that implements the port, such as one of SQLite in
    /// memory, which the crate `guru` has for tests.
    #[must_use]
    pub fn database(self, name: &str, database: impl ports::Sql + 'static) -> Self {
        self.data.databases.set(name, Rc::new(database));
        self
    }

    /// Sets a secret of the app, by the name of its port.
    #[must_use]
    pub fn secret(self, name: &str, value: &str) -> Self {
        self.data.secrets.set(name, value);
        self
    }

    /// Has this app answer what is sent to [another function](crate::Invoke), by the name of its port: in memory, by the same clock,
    /// and by streams, as an [`origin`](Self::origin) does. It has stores of its own, with nothing in them, and the same functions to
    /// call.
    ///
    /// Panics when the app is not [one](App::into_service).
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a tool for tests, where a panic is the report"
    )]
    pub fn function(self, name: &str, app: App) -> Self {
        let service = app.into_service().expect("the app of a function");
        self.functions.set(name, service);
        self
    }

    /// Has all that is sent to a function fail with this kind of error.
    #[must_use]
    pub fn function_fails(self, name: &str, kind: ports::ErrorKind) -> Self {
        self.functions.fail(name, kind);
        self
    }

    /// The app's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The app's log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Sends a `GET` request. Panics when the target is malformed.
    #[must_use]
    #[track_caller]
    pub fn get(&self, target: &str) -> Reply {
        self.send(Request::new(Method::GET, uri(target)))
    }

    /// Sends a `POST` request. Panics when the target is malformed.
    #[must_use]
    #[track_caller]
    pub fn post(&self, target: &str, body: impl Into<Body>) -> Reply {
        self.send(Request::new(Method::POST, uri(target)).with_body(body))
    }

    /// Sends a `POST` request with JSON, as `application/json`. Panics when the target is malformed, or the value
    /// cannot be serialized.
    #[must_use]
    #[track_caller]
    pub fn post_json<T: Serialize + ?Sized>(&self, target: &str, value: &T) -> Reply {
        self.request(Method::POST, target).json(value).send()
    }

    /// Begins any request. Panics when the target is malformed.
    #[track_caller]
    pub fn request(&self, method: Method, target: &str) -> Call<'_> {
        Call::new(self, Request::new(method, uri(target)))
    }

    /// Sends any request, reads all of the answer, and has the app do what it [goes on with](Context::wait_until) after it.
    /// Panics when the app waits for something that never comes, when a stream breaks off, or when the app panics itself.
    ///
    /// Time is virtual: it passes at once when everything waits for it.
    #[must_use]
    #[track_caller]
    pub fn send(&self, req: Request) -> Reply {
        self.send_as(self.invocation(), req)
    }

    /// Sends any request with these facts of the platform, as [`send`](Self::send) does.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a tool for tests, where a panic is the report"
    )]
    #[track_caller]
    pub fn send_as(&self, invocation: Invocation, req: Request) -> Reply {
        let answer = self.try_send_as(invocation, req);
        answer.expect("an answer that does not break off")
    }

    /// Sends any request, and reads all of the answer. Panics as [`send`](Self::send) does, but for a stream that breaks off.
    ///
    /// # Errors
    ///
    /// [`BodyBroken`](crate::http::ErrorKind::BodyBroken) when it does.
    pub fn try_send(&self, req: Request) -> core::result::Result<Reply, http::Error> {
        self.try_send_as(self.invocation(), req)
    }

    pub(super) fn try_send_as(
        &self,
        invocation: Invocation,
        req: Request,
    ) -> core::result::Result<Reply, http::Error> {
        self.block_on(self.read(invocation, req)).map(Reply)
    }

    async fn read(
        &self,
        invocation: Invocation,
        req: Request,
    ) -> core::result::Result<Response, http::Error> {
        let cx = Context::new(Rc::clone(&self.ports), invocation);
        let later = Later::of(&cx);
        let mut response = self.service.handle(cx, req).await;
        let mut broken = None;
        if response.body().is_stream() {
            match response.take_body().collect(usize::MAX).await {
                Ok(body) => response = response.with_body(body),
                Err(error) => broken = Some(error),
            }
        }
        if let Some(work) = later.work() {
            work.await;
        }
        broken.map_or(Ok(response), Err)
    }

    pub(super) fn invocation(&self) -> Invocation {
        self.calls.set(self.calls.get() + 1);
        Invocation::new(format!("request-{}", self.calls.get()))
    }

    /// Begins a request: the answer as a target has it, of which a stream has not been read. What it
    /// [goes on with](Context::wait_until) is not begun.
    pub async fn start(&self, req: Request) -> Response {
        self.start_as(self.invocation(), req).await
    }

    pub(super) async fn start_as(&self, invocation: Invocation, req: Request) -> Response {
        let cx = Context::new(Rc::clone(&self.ports), invocation);
        let _later = Later::of(&cx);
        self.service.handle(cx, req).await
    }

    /// Runs a future to its end. Time passes when everything waits for it.
    #[expect(
        clippy::panic,
        reason = "a tool for tests, where a panic is the report"
    )]
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut future = pin!(future);
        loop {
            while woken.0.swap(false, Ordering::Relaxed) {
                let polled = future.as_mut().poll(&mut task::Context::from_waker(&waker));
                if let Poll::Ready(value) = polled {
                    return value;
                }
            }
            if !self.clock.wake_first() {
                panic!(
                    "the handler waits for something that never comes: neither time nor any port in memory"
                );
            }
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "a tool for tests, where a panic is the report"
)]
#[track_caller]
fn uri(target: &str) -> Uri {
    Uri::parse(target).expect("the target of a test's request")
}

#[expect(
    clippy::expect_used,
    reason = "a tool for tests, where a panic is the report"
)]
fn url(origin: &str) -> Url {
    Url::parse(origin).expect("the origin of a test")
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
