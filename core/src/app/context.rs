//! The context of a request: the ports, and the platform's metadata.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::OnceCell;
use core::fmt;
use core::net::IpAddr;

use super::Error;
use super::later::PutOff;
use super::trace::{Source, Trace};
use super::values::{OfRequest, Shared, Values};
use crate::http::{Request, Response};
use crate::ports::{Clock, Config, Logger, Ports, Random};

/// What the platform reports about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invocation {
    /// The vendor's request id, or a generated one. Never chosen by the client.
    pub request_id: String,
    /// The client's address as seen by the platform; `None` if the platform does not report it. Never taken from a
    /// header that the client controls.
    pub client_ip: Option<IpAddr>,
}

impl Invocation {
    /// Creates an invocation with this request id.
    pub fn new(request_id: impl Into<String>) -> Self {
        Self {
            request_id: request_id.into(),
            client_ip: None,
        }
    }

    /// Sets the client's address.
    #[must_use]
    pub fn with_client_ip(mut self, client_ip: Option<IpAddr>) -> Self {
        self.client_ip = client_ip;
        self
    }
}

/// What a handler receives besides its request: the ports, and the platform's metadata of the request. Cheap to
/// clone.
#[derive(Clone)]
pub struct Context(Rc<Inner>);

struct Inner {
    ports: Rc<Ports>,
    invocation: Invocation,
    trace: OnceCell<Source>,
    /// Most requests have none.
    values: OnceCell<Box<dyn OfRequest>>,
    put_off: PutOff,
}

impl Context {
    /// Creates the context of one request.
    #[must_use]
    pub fn new(ports: Rc<Ports>, invocation: Invocation) -> Self {
        Self(Rc::new(Inner {
            ports,
            invocation,
            trace: OnceCell::new(),
            values: OnceCell::new(),
            put_off: PutOff::default(),
        }))
    }

    /// One with the same ports, for what is no request.
    pub(super) fn another(&self, invocation: Invocation) -> Self {
        Self::new(Rc::clone(&self.0.ports), invocation)
    }

    pub(super) fn ports(&self) -> &Ports {
        &self.0.ports
    }

    /// The request id: the vendor's if it has one, otherwise generated.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.invocation.request_id
    }

    /// The client's address as seen by the platform.
    #[must_use]
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.0.invocation.client_ip
    }

    /// Random bytes, and values derived from them.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        &*self.0.ports.random
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.ports.clock
    }

    /// The logger of this request.
    #[must_use]
    pub fn log(&self) -> Logger<'_> {
        Logger::new(&*self.0.ports.log, self.request_id())
    }

    /// A port that the function declares with `guru::ports!`, by the name that it has there.
    pub fn port<P>(&self, name: impl FnOnce(&Self) -> P) -> P {
        name(self)
    }

    /// Has this be the context of a request.
    pub(super) fn begin(&self, request: &Request, state: Option<&Rc<dyn Shared>>) {
        // An adapter makes a context for each request.
        let _ = self.0.trace.set(Source::of(request));
        if let Some(state) = state {
            let _ = self.0.values.set(Rc::clone(state).begin());
        }
    }

    /// The values of the request, if there are some.
    pub(super) fn values(&self) -> Option<&Values> {
        Some(self.0.values.get()?.values())
    }

    pub(super) fn values_or_new(&self) -> &Values {
        let new = || Box::<Values>::default() as Box<dyn OfRequest>;
        self.0.values.get_or_init(new).values()
    }

    /// The answer to an error, where the app has a say in it.
    pub(super) fn answer(&self, error: &Error) -> Option<Response> {
        self.0.values.get()?.answer(error, self)
    }

    /// What is put off until after the answer.
    pub(super) fn put_off(&self) -> &PutOff {
        &self.0.put_off
    }

    /// The trace that the request belongs to.
    pub(super) fn trace(&self) -> Option<Trace> {
        self.0.trace.get()?.trace()
    }

    /// The settings of the deployment.
    #[must_use]
    pub fn config(&self) -> &dyn Config {
        &*self.0.ports.config
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.0.invocation).finish()
    }
}
