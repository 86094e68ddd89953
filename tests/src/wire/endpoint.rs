//! Where requests are sent, and the abstraction over transports.

use anyhow::{Context as _, Result, bail};
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Instant;

use super::tcp::Tcp;
use super::tls::Tls;

/// A way to open connections.
pub trait Transport: Send + Sync {
    /// Opens a new connection, before `deadline`.
    fn open(&self, deadline: Instant) -> io::Result<Box<dyn Stream>>;
}

/// A connection's byte stream, in both directions.
pub trait Stream: Send {
    /// Sends some of `unsent` and appends what arrives to `received`, until either has happened.
    ///
    /// A connection that can still be read but no longer written to is not an error: the response may be on its way.
    /// Past `deadline`, takes what has arrived without waiting, and fails with `TimedOut` if that is nothing.
    fn advance(
        &mut self,
        unsent: &[u8],
        received: &mut Vec<u8>,
        deadline: Instant,
    ) -> io::Result<Progress>;
}

/// The progress of one step on a connection.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes were sent.
    pub sent: usize,
    /// Whether the peer will send no more.
    pub ended: bool,
}

/// A running function, as a client sees it.
#[derive(Clone)]
pub struct Endpoint {
    /// The value of the `host` header.
    pub authority: String,
    /// The mount path or stage before every target, without a trailing slash; usually empty.
    pub prefix: String,
    /// How to connect.
    pub transport: Arc<dyn Transport>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.authority, self.prefix)
    }
}

impl Endpoint {
    /// The endpoint at an address on this machine.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self {
            authority: address.to_string(),
            prefix: String::new(),
            transport: Arc::new(Tcp(address)),
        }
    }

    /// Parses the endpoint of `http://host[:port][/prefix]`.
    pub fn parse(url: &str) -> Result<Self> {
        let (is_secure, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => bail!("`{url}` cannot be reached: a URL begins with http:// or https://"),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, address) = match authority.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, authority.to_owned()),
            _ => (
                authority,
                format!("{authority}:{}", if is_secure { 443 } else { 80 }),
            ),
        };
        let resolved = address
            .to_socket_addrs()
            .with_context(|| format!("`{url}`: the host `{authority}` has no address"))?
            .next()
            .with_context(|| format!("`{url}`: the host `{authority}` has no address"))?;
        let prefix = path.trim_end_matches('/');
        Ok(Self {
            authority: authority.to_owned(),
            prefix: if prefix.is_empty() {
                String::new()
            } else {
                format!("/{prefix}")
            },
            transport: if is_secure {
                Arc::new(Tls::new(resolved, host.trim_matches(['[', ']']))?)
            } else {
                Arc::new(Tcp(resolved))
            },
        })
    }
}
