//! Names to addresses. No name leads to where clouds give out credentials, whoever made it resolve to there: an address is
//! looked at after the name was resolved, and connected to as it was looked at.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use guru_core::ports::hosts::is_metadata;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

/// Resolves names, but not addresses: hyper asks for none that stands in a URI.
#[derive(Clone)]
pub(crate) struct Resolver {
    source: Source,
    /// Whether this machine itself is guarded too.
    guards_here: bool,
}

#[derive(Clone)]
enum Source {
    System(GaiResolver),
    Given(fn(&str) -> Vec<IpAddr>),
}

/// Why there is no address to connect to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The system says why.
    Unresolved(String),
    /// One of the name's addresses is guarded.
    Guarded,
}

impl Resolver {
    pub(crate) fn system() -> Self {
        Self::of(Source::System(GaiResolver::new()))
    }

    pub(crate) const fn given(names: fn(&str) -> Vec<IpAddr>) -> Self {
        Self::of(Source::Given(names))
    }

    const fn of(source: Source) -> Self {
        Self {
            source,
            guards_here: false,
        }
    }

    /// The same names, of which none leads to this machine.
    pub(crate) fn elsewhere(&self) -> Self {
        Self {
            source: self.source.clone(),
            guards_here: true,
        }
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (source, guards_here) = (self.source.clone(), self.guards_here);
        Box::pin(async move {
            let found: Vec<SocketAddr> = match source {
                Source::System(mut system) => match system.call(name).await {
                    Ok(found) => found.collect(),
                    Err(error) => return Err(Failure::Unresolved(error.to_string())),
                },
                Source::Given(names) => {
                    let found = names(name.as_str()).into_iter();
                    found.map(|address| SocketAddr::new(address, 0)).collect()
                }
            };
            admitted(found, guards_here)
        })
    }
}

/// Whether an address leads to this machine.
pub(crate) fn is_here(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || ip.is_unspecified()
}

/// All addresses, unless one is guarded: a name that has one of these among others has it for no honest reason.
fn admitted(
    found: Vec<SocketAddr>,
    guards_here: bool,
) -> Result<vec::IntoIter<SocketAddr>, Failure> {
    if found.is_empty() {
        return Err(Failure::Unresolved("it has no address".into()));
    }
    let is_guarded = |address: &SocketAddr| {
        let ip = address.ip().to_canonical();
        is_metadata(ip) || (guards_here && is_here(ip))
    };
    if found.iter().any(is_guarded) {
        return Err(Failure::Guarded);
    }
    Ok(found.into_iter())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved(problem) => f.write_str(problem),
            Self::Guarded => f.write_str("a guarded address"),
        }
    }
}

impl StdError for Failure {}
