//! Servers in memory, for functions that fetch.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::pin::Pin;

use super::{Clock, Config, Log, Random};
use crate::app::{Context, Invocation, Later, Service};
use crate::http::{Method, Request, Response, Url};
use crate::ports::{self, ErrorKind, FetchRequest, Ports};

/// Answers requests to the origins that there are. Clones have the same origins.
///
/// An origin's function has the clock of the one that is tested, a log and random bytes of its own, no settings, and the same
/// origins to fetch from.
#[derive(Clone, Debug)]
pub(super) struct Origins(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    random: Random,
    calls: Cell<u64>,
    held: RefCell<Vec<(Url, Answer)>>,
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Served(Service),
    Failed(ErrorKind),
}

impl Origins {
    pub(super) fn new(clock: Clock) -> Self {
        Self(Rc::new(Inner {
            clock,
            random: Random::seeded(0),
            calls: Cell::new(0),
            held: RefCell::default(),
        }))
    }

    /// Sets what is at an origin, in place of what was.
    pub(super) fn set(&self, origin: Url, answer: Answer) {
        let mut held = self.0.held.borrow_mut();
        held.retain(|(url, _)| !is_same(url, &origin));
        held.push((origin, answer));
    }

    fn find(&self, url: &Url) -> Result<Service, ports::Error> {
        let held = self.0.held.borrow();
        let found = held.iter().find(|(origin, _)| is_same(origin, url));
        let (scheme, host) = (url.scheme().as_str(), url.authority());
        match found {
            Some((_, Answer::Served(service))) => Ok(service.clone()),
            Some((_, Answer::Failed(kind))) => Err(ports::Error::new(
                *kind,
                format!("{scheme}://{host} fails, as the test says"),
            )),
            None => Err(ports::Error::new(
                ErrorKind::Dns,
                format!(
                    "there is no {scheme}://{host} in memory: add it to the client with origin"
                ),
            )),
        }
    }

    /// The answer of what is served, as it is sent.
    pub(super) async fn answer(
        &self,
        service: Service,
        cx: Context,
        request: FetchRequest,
    ) -> Response {
        let is_head = *request.method() == Method::HEAD;
        let _later = Later::of(&cx);
        let response = service.handle(cx, received(request)).await;
        sent(response, is_head)
    }

    fn context(&self) -> Context {
        self.context_with(Rc::new(self.ports()))
    }

    /// The context of another request.
    pub(super) fn context_with(&self, ports: Rc<Ports>) -> Context {
        let calls = &self.0.calls;
        calls.set(calls.get() + 1);
        let invocation = Invocation::new(format!("fetch-{}", calls.get()));
        Context::new(ports, invocation)
    }

    /// The ports of what is not the app that is tested: with the same clock, and the same origins.
    pub(super) fn ports(&self) -> Ports {
        let (random, clock) = (self.0.random.clone(), self.0.clock.clone());
        let ports = Ports::new(random, clock, Log::default(), Config::default());
        ports.with_fetch(self.clone())
    }

    pub(super) fn clock(&self) -> Clock {
        self.0.clock.clone()
    }
}

impl ports::Fetch for Origins {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, ports::Error>>>> {
        let origins = self.clone();
        Box::pin(async move {
            let service = origins.find(request.url())?;
            Ok(origins.answer(service, origins.context(), request).await)
        })
    }
}

fn is_same(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && one.authority() == other.authority()
}

/// A request as the origin gets it.
fn received(mut request: FetchRequest) -> Request {
    let body = request.take_body();
    let mut headers = request.headers().clone();
    let added = headers.insert("host", request.url().authority());
    debug_assert!(added.is_ok(), "an authority is a header value");
    Request::new(request.method().clone(), request.url().uri().clone())
        .with_headers(headers)
        .with_body(body)
}

/// An answer as a server frames it.
fn sent(mut response: Response, is_head: bool) -> Response {
    if is_head || response.status().is_bodiless() {
        return response;
    }
    if let Some(size) = response.body().size() {
        let added = response
            .headers_mut()
            .insert("content-length", format!("{size}"));
        debug_assert!(added.is_ok(), "digits are a header value");
    }
    response
}
