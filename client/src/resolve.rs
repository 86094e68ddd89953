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
pub(crate) struct Resolver(Source);

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
        Self(Source::System(GaiResolver::new()))
    }

    pub(crate) const fn given(names: fn(&str) -> Vec<IpAddr>) -> Self {
        Self(Source::Given(names))
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
        let source = self.0.clone();
        Box::pin(async move {
            match source {
                Source::System(mut system) => match system.call(name).await {
                    Ok(found) => admitted(found.collect()),
                    Err(error) => Err(Failure::Unresolved(error.to_string())),
                },
                Source::Given(names) => {
                    let found = names(name.as_str()).into_iter();
                    admitted(found.map(|address| SocketAddr::new(address, 0)).collect())
                }
            }
        })
    }
}

/// All addresses, unless one is guarded: a name that has one of these among others has it for no honest reason.
fn admitted(found: Vec<SocketAddr>) -> Result<vec::IntoIter<SocketAddr>, Failure> {
    if found.is_empty() {
        return Err(Failure::Unresolved("it has no address".into()));
    }
    if found.iter().any(|address| is_metadata(address.ip())) {
        return Err(Failure::Guarded);
    }
    Ok(found.into_iter())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved(problem) => f.write_str(problem),
            Self::Guarded => f.write_str("a link-local address"),
        }
    }
}

impl StdError for Failure {}
