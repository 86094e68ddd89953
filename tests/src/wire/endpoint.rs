//! Where requests go, and the seam for other ways to get there.
//!
//! It must not know HTTP beyond the parts of a URL.

use anyhow::{Context as _, Result, bail};
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Instant;

use super::tcp::Tcp;

/// A way to make connections: plain TCP here; a deployed function's TLS would be another.
pub trait Transport: Send + Sync {
    /// Makes a new connection, before `deadline`.
    fn open(&self, deadline: Instant) -> io::Result<Box<dyn Stream>>;
}

/// One connection's bytes, both ways.
pub trait Stream: Send {
    /// Sends some of `unsent` and appends what arrives to `received`, until either happened.
    ///
    /// A connection that can no longer be written to but still be read is not an error: the answer may be on its way.
    /// When `deadline` is over, takes what is there without waiting, and fails with `TimedOut` if that is nothing.
    fn advance(
        &mut self,
        unsent: &[u8],
        received: &mut Vec<u8>,
        deadline: Instant,
    ) -> io::Result<Progress>;
}

/// What one step on a connection brought.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes were sent.
    pub sent: usize,
    /// Whether the other side will send no more.
    pub ended: bool,
}

/// A running function, as a client sees it.
#[derive(Clone)]
pub struct Endpoint {
    /// The value of `host`.
    pub authority: String,
    /// The mount or stage before every target, without a trailing slash; usually empty.
    pub prefix: String,
    /// How to connect.
    pub transport: Arc<dyn Transport>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "http://{}{}", self.authority, self.prefix)
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

    /// The endpoint at `http://host[:port][/prefix]`.
    pub fn parse(url: &str) -> Result<Self> {
        let Some(rest) = url.strip_prefix("http://") else {
            bail!("`{url}` cannot be reached: only http:// URLs can; TLS is not spoken yet");
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let address = match authority.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
            _ => format!("{authority}:80"),
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
            transport: Arc::new(Tcp(resolved)),
        })
    }
}
