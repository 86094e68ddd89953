//! What an instance does with HTTP beyond its own request: which headers are the host's, and requests to other servers.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use guru_client::{Client, ErrorKind};
use guru_core::adapter::drop_nominated;
use http::{HeaderName, header};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

/// Where this host deviates from wasmtime's defaults. Clones share one pool of connections: wasmtime itself would open one for
/// each request.
#[derive(Clone)]
pub(crate) struct Outbound {
    forbidden: ForbiddenHeaderFilter,
    client: Client,
}

impl Outbound {
    pub(crate) fn new(guarded: Option<SocketAddr>) -> Self {
        Self {
            forbidden: forbidden(),
            client: guarded.map_or_else(Client::new, Client::guarding),
        }
    }
}

/// The hop-by-hop headers, which a function can neither see nor set. Wasmtime's own list also has `host` and
/// `proxy-authenticate`, which belong to the message.
fn forbidden() -> ForbiddenHeaderFilter {
    let names: HashSet<HeaderName> = [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        HeaderName::from_static("http2-settings"),
    ]
    .into();
    Arc::new(move |name| names.contains(name))
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = (http::Response<WasiBody>, Io);

impl WasiHttpHooks for Outbound {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::clone(&self.forbidden)
    }

    /// The function holds its requests to the hosts that it declares; the client keeps them off the addresses at which clouds
    /// give out credentials. How long an answer may take is the function's to say.
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Io,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let client = self.client.clone();
        Box::new(async move {
            let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
            let mut answer = client.send(request).await.map_err(|error| {
                let why = error.to_string();
                failed(error.kind(), why)
            })?;
            drop_nominated(answer.headers_mut());
            let answer = answer.map(|body| body.map_err(Error::Hyper).boxed_unsync());
            // The client drives its connections itself.
            Ok((answer, Box::new(async { Ok(()) }) as Io))
        })
    }
}

/// An error in WASI's numbering, which has no room for a text but in the last one.
fn failed(kind: ErrorKind, why: String) -> Error {
    match kind {
        ErrorKind::Dns => Error::DnsError {
            rcode: None,
            info_code: None,
        },
        ErrorKind::Connect => Error::ConnectionRefused,
        ErrorKind::Tls => Error::TlsCertificateError,
        ErrorKind::Denied => Error::DestinationIpProhibited,
        ErrorKind::Broken => Error::HttpResponseIncomplete,
        ErrorKind::Timeout => Error::ConnectionTimeout,
        ErrorKind::Invalid => Error::HttpRequestUriInvalid,
        _ => Error::InternalError(Some(why)),
    }
}
