//! An HTTP/1.1 client on hyper, for the native server and the host of components. What the port of outbound HTTP asks of
//! whoever resolves names and opens connections ([`guru_core::ports::Fetch`]) is kept here.
//!
//! It must not know what a handler is, or how a body reaches it.

mod connect;
mod error;
mod frame;
mod resolve;
mod sent;
mod tls;

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;

use connect::Connector;
use resolve::Resolver;
use sent::Sent;
use tls::Tls;

pub use error::describe;
pub use guru_core::ports::{Error, ErrorKind};
/// The content of an answer.
pub use hyper::body::Incoming;

/// The content of a request.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn StdError + Send + Sync>>;

/// How long a connection may take: name, TCP and TLS.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a connection is kept that nobody uses. Many servers close one after 60 seconds, and a request that crosses that
/// is lost.
const IDLE: Duration = Duration::from_secs(30);

/// How many connections to one host are kept that nobody uses. More than requests to it at once, or each of those that are too many
/// makes a connection anew, and so does the next one.
const SPARE: usize = 256;

/// How many headers an answer may have, as many as a request may have to our servers. hyper's own limit is 100.
const HEADERS: usize = 512;

/// A client with a pool of connections, which all clones of it share.
///
/// - HTTP/1.1 alone. Each connection has one request at a time.
/// - A request is sent as it is, with the `host` that its URI has and what frames its content. Nothing else is added: no
///   `user-agent`, no `accept`. Redirects are not followed; there are no cookies, no cache and no proxy, and no content coding
///   is undone.
/// - Certificates are verified, against what this machine trusts: `SSL_CERT_FILE` and `SSL_CERT_DIR` override it. They are read
///   at the first `https` request of the process. A machine without any can still speak `http`.
/// - No connection is made to an address at which clouds give out credentials
///   ([`is_metadata`](guru_core::ports::hosts::is_metadata)), whatever name resolves to it. Only a URI whose host is the address
///   itself gets there: who may ask for that is up to the caller.
/// - A request is repeated only where a connection of the pool was closed before any of the request was written.
/// - A connection may take 10 seconds. After 30 without use it is closed. One whose server answered before it had all of a
///   request is not used again.
///
/// It is used within a tokio runtime, and its connections live on the one that they were opened on.
#[derive(Clone)]
pub struct Client {
    inner: legacy::Client<Connector, Body>,
}

impl Client {
    /// A client that trusts whom this machine trusts.
    #[must_use]
    pub fn new() -> Self {
        Self::made(Tls::native(), &Resolver::system(), None)
    }

    /// A client that does not connect to this address, at which a platform has something of its own, in whatever way a URI
    /// spells it.
    #[must_use]
    pub fn guarding(address: SocketAddr) -> Self {
        Self::made(Tls::native(), &Resolver::system(), Some(address))
    }

    /// A client that trusts these certificates.
    #[must_use]
    pub fn with_roots(roots: RootCertStore) -> Self {
        Self::made(Tls::given(roots), &Resolver::system(), None)
    }

    /// A client for which names have these addresses, and that guards this address, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_names(names: fn(&str) -> Vec<IpAddr>, guarded: Option<SocketAddr>) -> Self {
        Self::made(Tls::native(), &Resolver::given(names), guarded)
    }

    fn made(tls: Tls, resolver: &Resolver, guarded: Option<SocketAddr>) -> Self {
        let inner = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(SPARE)
            .set_host(false)
            .http1_max_headers(HEADERS)
            // RFC 9112, section 5.2: a client reads a folded header of an answer as one line.
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .build(Connector::new(tls, resolver, guarded));
        Self { inner }
    }

    /// Sends a request to the absolute URI that it has, and comes back with the head of the answer, which is never an interim
    /// one.
    ///
    /// Dropping the future cancels the request, and so does dropping the answer's body before its end: the connection is closed.
    /// There is no limit on how long an answer may take.
    ///
    /// The caller's `host`, `content-length` and `transfer-encoding` give way to the client's own, but for a `content-length`
    /// where the size of the content is not known. Content that breaks off, with an error or before that length, is never seen
    /// as complete by the server.
    ///
    /// # Errors
    ///
    /// The message names the host, and nothing else of the URI.
    ///
    /// - [`ErrorKind::Invalid`]: not an absolute `http` or `https` URI, or one with a user name; `CONNECT`; or headers of more
    ///   than about 24,000 names.
    /// - [`ErrorKind::Dns`]: the name has no address.
    /// - [`ErrorKind::Denied`]: the name has an address at which clouds give out credentials.
    /// - [`ErrorKind::Connect`]: no connection, or not within 10 seconds.
    /// - [`ErrorKind::Tls`]: the server is not to be trusted or does not speak TLS, or this machine has no certificates.
    /// - [`ErrorKind::Broken`]: the request or the answer broke off, or the answer is not HTTP. Whether the server has got the
    ///   request is not known.
    pub async fn send(&self, mut request: Request<Body>) -> Result<Response<Incoming>, Error> {
        let host = frame::host(request.uri())?;
        if *request.method() == Method::CONNECT {
            let message = format!("CONNECT asks {host} for a tunnel, which there is none of here");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        frame::frame(&mut request, &host)?;
        // The runtime looks at its sockets first, and the pool learns which connections their servers have closed. Otherwise a
        // thread that was busy, or a process that a vendor froze between two requests, would send on one of these.
        tokio::task::yield_now().await;
        let sent = Sent::watch(&mut request);
        let answered = self.inner.request(request).await;
        let answer = answered.map_err(|error| error::unanswered(&host, &error))?;
        sent.answered();
        // Not an interim answer, but the end of HTTP on this connection (RFC 9110, section 15.2.2).
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let message = format!("{host} switched to another protocol, which nobody asked for");
            return Err(Error::new(ErrorKind::Broken, message));
        }
        Ok(answer)
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
