//! What an instance does with HTTP beyond its own request: which headers are the host's, and requests to other servers.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use guru_client::{Client, ErrorKind};
use guru_core::adapter::drop_nominated;
use http::{HeaderName, Uri, header};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

/// Where this host deviates from wasmtime's defaults. Clones share one pool of connections: wasmtime itself would open one for
/// each request.
#[derive(Clone)]
pub(crate) struct Outbound {
    forbidden: ForbiddenHeaderFilter,
    client: Client,
    /// An address of the platform's own: its host, unless that is this machine, and its port.
    guarded: Option<(Arc<str>, u16)>,
}

impl Outbound {
    pub(crate) fn new(guarded: Option<&str>) -> Self {
        let guarded = guarded.and_then(|address| address.rsplit_once(':'));
        let guarded: Option<(Arc<str>, u16)> =
            guarded.and_then(|(host, port)| Some((host.into(), port.parse().ok()?)));
        let client = match &guarded {
            Some((_, port)) => Client::guarding(*port),
            None => Client::new(),
        };
        Self {
            forbidden: forbidden(),
            client,
            guarded,
        }
    }

    /// Whether a request is for the platform's own address, in whatever way it spells that. Names are the client's to look at.
    fn is_guarded(&self, uri: &Uri) -> bool {
        let Some((guarded, port)) = &self.guarded else {
            return false;
        };
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_here = |host: &str| match host.parse::<IpAddr>() {
            Ok(ip) => ip.to_canonical().is_loopback() || ip.is_unspecified(),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        };
        let is_it = host == &**guarded || (is_here(guarded) && is_here(host));
        is_it && uri.port_u16().unwrap_or(80) == *port
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
        if self.is_guarded(request.uri()) {
            return Box::new(async { Err(Error::DestinationIpProhibited) });
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_goes_to_the_platforms_own_address() {
        for (guarded, uri, wanted) in [
            (
                "127.0.0.1:9001",
                "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
                true,
            ),
            ("127.0.0.1:9001", "http://localhost:9001/", true),
            ("127.0.0.1:9001", "http://[::1]:9001/", true),
            ("127.0.0.1:9001", "http://[::ffff:127.0.0.1]:9001/", true),
            ("127.0.0.1:9001", "http://0.0.0.0:9001/", true),
            ("127.0.0.1:9001", "http://127.0.0.1:9002/", false),
            ("127.0.0.1:9001", "http://192.0.2.1:9001/", false),
            ("127.0.0.1:9001", "http://api.example:9001/", false),
            ("169.254.100.1:9001", "http://169.254.100.1:9001/", true),
            ("169.254.100.1:9001", "http://127.0.0.1:9001/", false),
            ("127.0.0.1:80", "http://127.0.0.1/", true),
            ("nonsense", "http://127.0.0.1/", false),
        ] {
            let outbound = Outbound::new(Some(guarded));
            assert_eq!(
                outbound.is_guarded(&uri.parse().unwrap()),
                wanted,
                "{guarded} {uri}"
            );
        }
        assert!(!Outbound::new(None).is_guarded(&"http://127.0.0.1:9001/".parse().unwrap()));
    }
}
