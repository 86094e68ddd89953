//! Opens connections: name, TCP, and TLS where the URI asks for it.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use guru_core::ports::{Error, ErrorKind};
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use crate::resolve::{Resolver, is_here};
use crate::tls::Tls;
use crate::{CONNECT, error, frame};

type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Opens connections to hosts.
#[derive(Clone)]
pub(crate) struct Connector {
    /// With the addresses of both families at once, where the first does not answer (RFC 8305): hyper's default.
    tcp: HttpConnector<Resolver>,
    /// An address that is not connected to, and what connects to its port elsewhere.
    guarded: Option<(SocketAddr, HttpConnector<Resolver>)>,
    tls: Tls,
}

impl Connector {
    pub(crate) fn new(tls: Tls, resolver: &Resolver, guarded: Option<SocketAddr>) -> Self {
        let guarded = guarded.map(|address| (address, tcp(resolver.elsewhere())));
        Self {
            tcp: tcp(resolver.clone()),
            guarded,
            tls,
        }
    }

    async fn connect(mut self, host: &str, uri: Uri) -> Result<Connection, Error> {
        let default = if uri.scheme() == Some(&Scheme::HTTPS) {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(default);
        if let Some((guarded, elsewhere)) = self.guarded.filter(|(at, _)| at.port() == port) {
            // hyper resolves names alone.
            if is_at(uri.host().unwrap_or_default(), guarded.ip()) {
                return Err(error::guarded(host));
            }
            self.tcp = elsewhere;
        }
        if uri.scheme() != Some(&Scheme::HTTPS) {
            let connected = self.tcp.call(uri).await;
            return match connected {
                Ok(stream) => Ok(MaybeHttpsStream::Http(stream)),
                Err(problem) => Err(error::unconnected(host, &problem)),
            };
        }
        let config = self.tls.config(host).await?;
        let connected = HttpsConnector::from((self.tcp, config)).call(uri).await;
        connected.map_err(|problem| error::unconnected(host, &*problem))
    }
}

/// Whether the host of a URI is this address. Every spelling of this machine is one address.
fn is_at(host: &str, guarded: IpAddr) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address = host.parse::<IpAddr>().map(|ip| ip.to_canonical());
    address.is_ok_and(|ip| ip == guarded.to_canonical() || (is_here(ip) && is_here(guarded)))
}

fn tcp(resolver: Resolver) -> HttpConnector<Resolver> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    // Heads and chunks are written whole, so there is nothing to wait for.
    tcp.set_nodelay(true);
    // Shared out among a host's addresses, so that one that does not answer leaves time for the next.
    tcp.set_connect_timeout(Some(CONNECT));
    tcp
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, Error>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let host = frame::host(&uri)?;
            let connected = timeout(CONNECT, this.connect(&host, uri)).await;
            connected.unwrap_or_else(|_| {
                let seconds = CONNECT.as_secs();
                let message = format!("{host} is not reached: no connection within {seconds} s");
                Err(Error::new(ErrorKind::Connect, message))
            })
        })
    }
}
