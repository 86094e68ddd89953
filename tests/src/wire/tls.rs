//! TLS, for deployed functions. Certificates are verified against the roots that this machine trusts; `SSL_CERT_FILE` overrides
//! them.

use anyhow::{Context as _, Result, ensure};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::endpoint::{Progress, Stream, Transport};
use super::tcp::{is_not_now, open};

/// How long to sleep when a connection is neither readable nor writable.
const PAUSE: Duration = Duration::from_micros(200);

/// How many bytes are encrypted ahead of what was sent.
const AHEAD: usize = 64 * 1024;

/// Connections to one address, whose certificate must match this name.
pub(super) struct Tls {
    address: SocketAddr,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Connections that trust this machine's root certificates.
    pub(super) fn new(address: SocketAddr, host: &str) -> Result<Self> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        ensure!(
            added > 0,
            "this machine trusts no certificate: install ca-certificates, or name a file of them in SSL_CERT_FILE"
        );
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned());
        Ok(Self {
            address,
            name: name
                .with_context(|| format!("`{host}` is no name that a certificate can have"))?,
            config: Arc::new(config),
        })
    }
}

impl Transport for Tls {
    fn open(&self, deadline: Instant) -> io::Result<Box<dyn Stream>> {
        let stream = open(self.address, deadline)?;
        let connection = ClientConnection::new(Arc::clone(&self.config), self.name.clone());
        let mut connection = connection.map_err(io::Error::other)?;
        connection.set_buffer_limit(Some(AHEAD));
        Ok(Box::new(TlsBytes {
            stream,
            connection,
            deaf: false,
        }))
    }
}

struct TlsBytes {
    stream: TcpStream,
    connection: ClientConnection,
    /// The peer accepts no more bytes; its response may still come.
    deaf: bool,
}

impl Stream for TlsBytes {
    fn advance(
        &mut self,
        unsent: &[u8],
        received: &mut Vec<u8>,
        deadline: Instant,
    ) -> io::Result<Progress> {
        loop {
            let sent = self.send(unsent)?;
            let (count, ended) = self.receive(received)?;
            if sent > 0 || count > 0 || ended {
                return Ok(Progress { sent, ended });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            std::thread::sleep(PAUSE.min(left));
        }
    }
}

impl TlsBytes {
    fn send(&mut self, unsent: &[u8]) -> io::Result<usize> {
        if self.deaf {
            return Ok(0);
        }
        let sent = self.connection.writer().write(unsent)?;
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut self.stream) {
                Ok(_) => {}
                Err(error) if is_not_now(&error) => break,
                Err(_) => {
                    self.deaf = true;
                    break;
                }
            }
        }
        Ok(sent)
    }

    fn receive(&mut self, received: &mut Vec<u8>) -> io::Result<(usize, bool)> {
        let mut is_cut = false;
        match self.connection.read_tls(&mut self.stream) {
            Ok(0) => is_cut = true,
            Ok(_) => {
                let processed = self.connection.process_new_packets();
                processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            }
            Err(error) if is_not_now(&error) => {}
            Err(error) => return Err(error),
        }
        let before = received.len();
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.connection.reader().read(&mut buffer) {
                Ok(0) => return Ok((received.len() - before, true)),
                Ok(count) => {
                    received.extend_from_slice(buffer.get(..count).unwrap_or_default());
                }
                Err(error) if is_not_now(&error) => break,
                // Closed without `close_notify`, as many servers do.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Ok((received.len() - before, true));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((received.len() - before, is_cut))
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{ServerConfig, ServerConnection};
    use std::net::TcpListener;

    use super::*;

    /// A server for one connection that echoes what it receives, in capitals.
    fn server() -> (SocketAddr, RootCertStore) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let certificate = made.cert.der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
            let mut tls = rustls::Stream::new(&mut connection, &mut stream);
            let mut got = [0; 5];
            // A client that does not trust us closes the connection here.
            if tls.read_exact(&mut got).is_ok() {
                tls.write_all(&got.to_ascii_uppercase()).unwrap();
                tls.conn.send_close_notify();
                tls.flush().unwrap();
            }
        });
        (address, roots)
    }

    fn exchange(transport: &Tls) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut stream = transport.open(deadline)?;
        let (mut unsent, mut received) = (&b"hello"[..], Vec::new());
        loop {
            let progress = stream.advance(unsent, &mut received, deadline)?;
            unsent = unsent.get(progress.sent..).unwrap();
            if progress.ended {
                return Ok(received);
            }
        }
    }

    #[test]
    fn bytes_go_both_ways_to_whom_is_trusted() {
        let (address, roots) = server();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let transport = Tls {
            address,
            name: "localhost".try_into().unwrap(),
            config: Arc::new(config),
        };
        assert_eq!(exchange(&transport).unwrap(), b"HELLO");
    }

    #[test]
    fn whom_this_machine_does_not_trust_gets_nothing() {
        let (address, _) = server();
        // A machine without root certificates cannot connect at all, and reports that.
        if let Ok(transport) = Tls::new(address, "localhost") {
            let refused = exchange(&transport).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidData, "{refused}");
        }
    }
}
