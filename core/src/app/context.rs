//! What a handler knows besides its request. It must not know where a port leads.

use alloc::rc::Rc;
use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use crate::ports::{Clock, Config, Logger, Ports, Random};

/// What the platform says of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invocation {
    /// The vendor's id of the request, or a generated one. Never one that the client chose.
    pub request_id: String,
    /// The client's address as the platform saw it. `None` where the platform does not say; never
    /// what a header of the client claims.
    pub client_ip: Option<IpAddr>,
}

impl Invocation {
    /// The request with this id.
    pub fn new(request_id: impl Into<String>) -> Self {
        Self {
            request_id: request_id.into(),
            client_ip: None,
        }
    }

    /// With the client's address.
    #[must_use]
    pub fn with_client_ip(mut self, client_ip: Option<IpAddr>) -> Self {
        self.client_ip = client_ip;
        self
    }
}

/// What a handler has besides its request: the ports, and what the platform says of the request.
/// Cheap to clone.
#[derive(Clone)]
pub struct Context(Rc<Inner>);

struct Inner {
    ports: Rc<Ports>,
    invocation: Invocation,
}

impl Context {
    /// The context of one request.
    #[must_use]
    pub fn new(ports: Rc<Ports>, invocation: Invocation) -> Self {
        Self(Rc::new(Inner { ports, invocation }))
    }

    /// The id of the request: the vendor's where it has one, else generated.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.invocation.request_id
    }

    /// The client's address as the platform saw it.
    #[must_use]
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.0.invocation.client_ip
    }

    /// Random bytes, and what is drawn from them.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        &*self.0.ports.random
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.ports.clock
    }

    /// The log of this request.
    #[must_use]
    pub fn log(&self) -> Logger<'_> {
        Logger::new(&*self.0.ports.log, self.request_id())
    }

    /// Settings.
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
