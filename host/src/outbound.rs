//! What an instance does with HTTP beyond its own request: which headers are the host's, and requests to other servers.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use guru_client::{Client, ErrorKind};
use guru_core::adapter::drop_nominated;
use http::{HeaderName, header};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

use crate::limits::{Limits, places};

/// Where this host deviates from wasmtime's defaults. Clones share one pool of connections: wasmtime itself would open one for
/// each request.
#[derive(Clone)]
pub(crate) struct Outbound {
    forbidden: ForbiddenHeaderFilter,
    client: Client,
    limits: Limits,
    /// What an instance may have open. There is none before its first request: most instances send none.
    room: Option<Arc<Semaphore>>,
}

impl Outbound {
    pub(crate) fn new(guarded: Option<SocketAddr>, limits: Limits) -> Self {
        Self {
            forbidden: forbidden(),
            client: guarded.map_or_else(Client::new, Client::guarding),
            limits,
            room: None,
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
    /// give out credentials. How long an answer may take is the function's to say, within its own time.
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Io,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let client = self.client.clone();
        let room = self.room.get_or_insert_with(|| places(self.limits.fetches));
        let room = Arc::clone(room);
        let most = self.limits.fetched.unwrap_or(usize::MAX);
        Box::new(async move {
            let room = room.acquire_owned().await;
            let room = room.map_err(|_| Error::ConnectionLimitReached)?;
            let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
            let mut answer = client.send(request).await.map_err(|error| {
                let why = error.to_string();
                failed(error.kind(), why)
            })?;
            drop_nominated(answer.headers_mut());
            let answer = answer.map(|body| {
                // It is held until the content is dropped, as at its end. An answer without content has no end to be read.
                let room = (!body.is_end_stream()).then_some(room);
                let content = Limited::new(body, most);
                let content = content.map_err(move |error| {
                    let _held = &room;
                    broken(error, most)
                });
                content.boxed_unsync()
            });
            // The client drives its connections itself.
            Ok((answer, Box::new(async { Ok(()) }) as Io))
        })
    }
}

/// Why the content of an answer breaks off.
fn broken(error: Box<dyn std::error::Error + Send + Sync>, most: usize) -> Error {
    if error.is::<LengthLimitError>() {
        let why = format!("it has more than {most} bytes, the host's limit (--fetch-limit)");
        return Error::InternalError(Some(why));
    }
    match error.downcast() {
        Ok(error) => Error::Hyper(*error),
        Err(other) => Error::InternalError(Some(other.to_string())),
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
