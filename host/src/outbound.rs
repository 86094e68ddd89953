//! What an instance does with HTTP beyond its own request: which headers are the host's, and requests to other servers.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use guru_client::{Client, ErrorKind};
use guru_core::adapter::drop_nominated;
use guru_core::ports::Level;
use guru_services::{Answer, Function};
use http::{HeaderName, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

use crate::limits::{Limits, places};
use crate::log::note;

/// Where this host deviates from wasmtime's defaults. Clones share one pool of connections: wasmtime itself would open one for
/// each request.
#[derive(Clone)]
pub(crate) struct Outbound {
    forbidden: ForbiddenHeaderFilter,
    client: Client,
    limits: Limits,
    is_text: bool,
    /// What an instance may have open. There is none before its first request: most instances send none.
    room: Option<Arc<Semaphore>>,
    /// The other functions that the instance has asked for: each has the authority of its place here.
    called: Vec<(String, Function)>,
}

/// What the authorities of other functions end with: a domain that is for private use
/// (<https://www.icann.org/en/board-activities-and-meetings/materials/approved-resolutions-special-meeting-of-the-icann-board-29-07-2024-en>).
const FUNCTIONS: &str = ".guru.internal";

impl Outbound {
    /// Its own lines of the log are text or JSON, as the function's.
    pub(crate) fn new(guarded: Option<SocketAddr>, limits: Limits, is_text: bool) -> Self {
        Self {
            forbidden: forbidden(),
            client: guarded.map_or_else(Client::new, Client::guarding),
            limits,
            is_text,
            room: None,
            called: Vec::new(),
        }
    }

    /// The authority of requests for another function.
    pub(crate) fn authority(&mut self, name: &str, function: Function) -> String {
        // As settings name it, whatever it is called: a component may call it by any letters.
        let name = name.to_uppercase();
        let known = self.called.iter().position(|(known, _)| *known == name);
        let at = known.unwrap_or(self.called.len());
        if known.is_none() {
            self.called.push((name, function));
        }
        format!("{at}{FUNCTIONS}")
    }

    /// The other function that a request is for.
    fn called(&self, uri: &http::Uri) -> Option<Function> {
        let at = uri.host()?.strip_suffix(FUNCTIONS)?.parse::<usize>().ok()?;
        self.called.get(at).map(|(_, function)| function.clone())
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
        let function = self.called(request.uri());
        let is_text = self.is_text;
        Box::new(async move {
            let room = room.acquire_owned().await;
            let room = room.map_err(|_| Error::ConnectionLimitReached)?;
            let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
            let answer = match &function {
                None => client.send(request).await.map(Answer::Coming),
                Some(function) => function.send(client, request).await,
            };
            let answer = answer.map_err(|error| {
                let why = error.to_string();
                if function.is_some() {
                    // WASI's numbering has no room for it, and whoever runs the function has to know.
                    note(is_text, Level::Warn, &why, None);
                }
                failed(error.kind(), why)
            })?;
            // It is held until the content is dropped, as at its end.
            let answer = match answer {
                Answer::Coming(mut answer) => {
                    drop_nominated(answer.headers_mut());
                    answer.map(|body| held(body, most, room))
                }
                Answer::Whole(answer) => answer.map(|body| held(Full::new(body), most, room)),
            };
            // The client drives its connections itself.
            Ok((answer, Box::new(async { Ok(()) }) as Io))
        })
    }
}

/// The content of an answer, of which no more than `most` is read, and which has a place as long as it is there. An answer without content
/// has no end to be read.
fn held<B>(body: B, most: usize, room: OwnedSemaphorePermit) -> WasiBody
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let room = (!body.is_end_stream()).then_some(room);
    let content = Limited::new(body, most);
    let content = content.map_err(move |error| {
        let _held = &room;
        broken(error, most)
    });
    content.boxed_unsync()
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
        ErrorKind::Unavailable => Error::ConnectionLimitReached,
        ErrorKind::TooLarge => Error::HttpRequestBodySize(None),
        ErrorKind::Timeout => Error::ConnectionTimeout,
        ErrorKind::Invalid => Error::HttpRequestUriInvalid,
        _ => Error::InternalError(Some(why)),
    }
}
