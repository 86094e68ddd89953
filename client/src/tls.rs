//! Whom to trust. Certificates are read when they are first needed: most functions need none, and it takes milliseconds.

use std::sync::Arc;

use guru_core::ports::{Error, ErrorKind};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

/// What all clients of the process trust that were not told whom.
static NATIVE: OnceCell<Arc<ClientConfig>> = OnceCell::const_new();

/// How the client speaks TLS.
#[derive(Clone)]
pub(crate) enum Tls {
    /// As the machine is set up.
    Native,
    /// With certificates of the caller's.
    Given(Arc<RootCertStore>, Arc<OnceCell<Arc<ClientConfig>>>),
}

impl Tls {
    pub(crate) const fn native() -> Self {
        Self::Native
    }

    pub(crate) fn given(roots: RootCertStore) -> Self {
        Self::Given(Arc::new(roots), Arc::default())
    }

    /// The configuration, which is made once. A failure is not kept: the next request tries again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] when this machine trusts nobody.
    pub(crate) async fn config(&self, host: &str) -> Result<Arc<ClientConfig>, Error> {
        let config = match self {
            Self::Native => NATIVE.get_or_try_init(|| native(host)).await?,
            Self::Given(roots, made) => {
                made.get_or_try_init(async || config(host, Arc::clone(roots)))
                    .await?
            }
        };
        Ok(Arc::clone(config))
    }
}

/// Reads the machine's certificates, on a thread of its own: the runtime's may have other requests to serve.
async fn native(host: &str) -> Result<Arc<ClientConfig>, Error> {
    let read = tokio::task::spawn_blocking(|| {
        let mut roots = RootCertStore::empty();
        let (added, _) =
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        (added > 0).then_some(roots)
    });
    match read.await {
        Ok(Some(roots)) => config(host, Arc::new(roots)),
        _ => Err(Error::new(
            ErrorKind::Tls,
            format!(
                "{host} cannot be trusted, since this machine trusts no certificate: install ca-certificates, or name a file \
                 of them in SSL_CERT_FILE"
            ),
        )),
    }
}

fn config(host: &str, roots: Arc<RootCertStore>) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| {
        let message = format!("{host} is not reached: TLS cannot be set up: {error}");
        Error::new(ErrorKind::Tls, message)
    })?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    // A server that has nothing but HTTP/2 says so now, and not in what would be its answer (RFC 7301).
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
