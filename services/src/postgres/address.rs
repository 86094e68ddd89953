//! Where a server is, and how it is spoken to: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use guru_core::ports::{Error, ErrorKind};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How many connections a process has to a server at most, unless the address says; more calls wait.
const POOL: usize = 16;

/// How long a connection may take to be made, unless the address says.
const CONNECT: Duration = Duration::from_secs(10);

/// After this time without a word, the system asks whether the server is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// The address of a database, with all that it says.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// As it was given: two of them are one database.
    pub(super) text: String,
    pub(super) config: Config,
    /// The most connections.
    pub(super) pool: usize,
    /// The certificates that the server's must be signed by; without it those of the machine.
    roots: Option<PathBuf>,
}

impl Address {
    /// Reads a URL as `psql` takes it. Beside the driver's own options it may have `pool`, the most connections, and `sslrootcert`,
    /// a file of certificates to trust. The connection is encrypted, unless the server is on this machine or `sslmode` says
    /// otherwise.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut pool, mut roots, mut is_said) = (POOL, None, false);
        let mut options = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "pool" => {
                    let most = value.parse().ok();
                    pool = most.filter(|most| (1..=1000).contains(most))?;
                }
                "sslrootcert" => roots = Some(PathBuf::from(&*value)),
                // Certificates are always held to the name of the server here.
                "sslmode" if matches!(&*value, "verify-ca" | "verify-full") => {
                    is_said = true;
                    options.append_pair(&name, "require");
                }
                _ => {
                    is_said |= name == "sslmode";
                    options.append_pair(&name, &value);
                }
            }
        }
        // The driver takes a `+` for what it is.
        let options = options.finish().replace('+', "%20");
        let mut config: Config = format!("{place}?{options}").parse().ok()?;
        if config.get_hosts().is_empty() {
            return None;
        }
        if !is_said && !config.get_hosts().iter().all(is_here) {
            config.ssl_mode(SslMode::Require);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        // As long as a firewall may forget a connection, which the system's own two hours are not.
        if !query.contains("keepalives") {
            config.keepalives_idle(KEEPALIVE);
        }
        if config.get_application_name().is_none() {
            config.application_name("guru");
        }
        Some(Self {
            text: text.to_owned(),
            config,
            pool,
            roots,
        })
    }

    /// How TLS is spoken to the server; not at all where that is ruled out.
    ///
    /// # Errors
    ///
    /// When there is nobody to trust.
    pub(super) fn tls(&self) -> Result<Option<ClientConfig>, Error> {
        let is_off = self.config.get_ssl_mode() == SslMode::Disable;
        // On one machine, a server that speaks no TLS is the usual one; certificates take milliseconds to read.
        let is_here = self.config.get_hosts().iter().all(is_here);
        if is_off || (is_here && self.config.get_ssl_mode() != SslMode::Require) {
            return Ok(None);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unavailable(format!("TLS cannot be set up: {error}")))?;
        let roots = builder.with_root_certificates(self.roots()?);
        Ok(Some(roots.with_no_client_auth()))
    }

    fn roots(&self) -> Result<RootCertStore, Error> {
        let mut roots = RootCertStore::empty();
        let (added, why) = match &self.roots {
            Some(path) => {
                let failed = |error| unavailable(format!("{}: {error}", path.display()));
                let all = CertificateDer::pem_file_iter(path).map_err(failed)?;
                let all: Vec<_> = all.collect::<Result<_, _>>().map_err(failed)?;
                let why = format!("{} has no certificate", path.display());
                (roots.add_parsable_certificates(all).0, why)
            }
            None => {
                let all = rustls_native_certs::load_native_certs().certs;
                let why = "this machine trusts no certificate: install ca-certificates, or name a file with `?sslrootcert=`";
                (roots.add_parsable_certificates(all).0, why.to_owned())
            }
        };
        if added == 0 {
            return Err(unavailable(why));
        }
        Ok(roots)
    }
}

/// Without the password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.config).finish()
    }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

pub(super) fn unavailable(message: String) -> Error {
    Error::new(ErrorKind::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_says() {
        let read = |text| Address::read(text).unwrap();
        let here = read("postgres://me:a%2Bb@127.0.0.1:5433/db?pool=3&application_name=a%20b");
        assert_eq!(here.pool, 3);
        assert_eq!(here.config.get_password(), Some(&b"a+b"[..]));
        assert_eq!(here.config.get_application_name(), Some("a b"));
        assert!(here.tls().unwrap().is_none());
        assert!(!format!("{here:?}").contains("a+b"));
        let there = read("postgresql://me@db.example.com/db");
        assert_eq!(there.config.get_ssl_mode(), SslMode::Require);
        let plain = read("postgres://me@db.example.com/db?sslmode=disable");
        assert_eq!(plain.config.get_ssl_mode(), SslMode::Disable);
        let full = read("postgres://localhost/db?sslmode=verify-full&sslrootcert=/nowhere.pem");
        assert_eq!(full.config.get_ssl_mode(), SslMode::Require);
        assert!(full.tls().unwrap_err().to_string().contains("nowhere.pem"));
        for text in [
            "postgres:",
            "postgres:///db",
            "postgres://host:port/db",
            "postgres://host/db?pool=0",
            "postgres://host/db?unheard=of",
            "mysql://host/db",
        ] {
            assert!(Address::read(text).is_none(), "{text}");
        }
    }
}
