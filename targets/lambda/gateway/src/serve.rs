//! HTTP, in front of the function.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use guru_core::adapter::port_taken;
use http::{Method, Response, StatusCode, Version, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::Front;
use crate::answer::{own, response};
use crate::emulator::{Emulators, Function, Settings};
use crate::event::{Route, event, path};
use crate::runtime::{Broken, Chunk, Runtimes, Streamed};

/// The maximum size of an event that Lambda accepts, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub(crate) const EVENT: usize = 6 * 1024 * 1024;

/// The maximum size of a body that a load balancer accepts for a function, and of the JSON that it accepts back, in
/// bytes
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>).
const BALANCED: usize = 1024 * 1024;

/// The maximum size of a body that is read at all, in bytes: more than any front end accepts.
const BODY: usize = 10 * 1024 * 1024;

/// What runs the function.
pub(crate) enum Backend {
    /// AWS's emulator, which collects answers.
    Emulators(Box<Emulators>),
    /// Our own runtime API, which streams them.
    Runtimes(Runtimes),
}

impl Backend {
    /// The answer of the function to an event.
    pub(crate) async fn invoke(&self, event: Vec<u8>) -> Result<Answer> {
        match self {
            Self::Emulators(emulators) => emulators.invoke(event).await.map(Answer::Whole),
            Self::Runtimes(runtimes) => runtimes.invoke(event).await.map(Answer::Streamed),
        }
    }
}

/// What makes a [`Backend`].
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) function: Function,
    /// AWS's emulator; none where answers are streamed.
    pub(crate) emulator: Option<PathBuf>,
    /// How many run at once.
    pub(crate) workers: usize,
}

impl Maker {
    /// Starts the first of what it has.
    pub(crate) async fn backend(&self) -> Result<Backend> {
        let function = self.function.clone();
        Ok(match self.emulator.clone() {
            None => Backend::Runtimes(Runtimes::start(function, self.workers).await?),
            Some(emulator) => {
                let settings = Settings { emulator, function };
                Backend::Emulators(Box::new(Emulators::start(settings, self.workers).await?))
            }
        })
    }
}

type Body = UnsyncBoxBody<Bytes, Broken>;

/// Prints `listening on http://ADDRESS` and serves.
pub(crate) async fn serve(front: Front, backend: Backend, place: (&str, u16)) -> Result<()> {
    let (host, port) = place;
    let listener = TcpListener::bind(place).await.map_err(|error| {
        let mut told = format!("cannot listen on {host}:{port}: {error}");
        if error.kind() == std::io::ErrorKind::AddrInUse {
            let is_free = |port| std::net::TcpListener::bind((host, port)).is_ok();
            told += &format!("; {}", port_taken(port, is_free));
        }
        anyhow::Error::msg(told)
    })?;
    let address = listener.local_addr()?;
    let stage = front
        .stage()
        .map(|stage| format!("/{stage}"))
        .unwrap_or_default();
    let _ = writeln!(std::io::stdout(), "listening on http://{address}{stage}");
    let backend = Arc::new(backend);
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let backend = Arc::clone(&backend);
        let client = peer.ip().to_canonical();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let backend = Arc::clone(&backend);
                async move { Ok::<_, Infallible>(answer(front, &backend, request, client).await) }
            });
            // Connection errors only concern the client.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .max_headers(512)
                .half_close(true)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    front: Front,
    backend: &Backend,
    request: http::Request<Incoming>,
    client: IpAddr,
) -> Response<Body> {
    let is_head = request.method() == Method::HEAD;
    let mut response = match exchange(front, backend, request, client).await {
        Ok(response) => response,
        Err(status) => own(front, status).map(whole),
    };
    // The function's own value is for the response to HEAD, which has no body to measure.
    if !is_head {
        response.headers_mut().remove(http::header::CONTENT_LENGTH);
    }
    response
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A body that is sent as it comes.
struct Content {
    chunks: mpsc::Receiver<Chunk>,
    is_over: bool,
}

impl http_body::Body for Content {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let chunk = ready!(self.chunks.poll_recv(cx)).unwrap_or(Err(Broken));
        self.is_over = !matches!(chunk, Ok(Some(_)));
        Poll::Ready(chunk.transpose().map(|chunk| chunk.map(Frame::data)))
    }
}

/// Refuses what no front end passes on: a request with no host or with two (RFC 9112, section 3.2), and a body with a
/// transfer coding other than `chunked`
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html>, HTTP
/// 501).
fn admit(parts: &http::request::Parts) -> Result<(), StatusCode> {
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    let needs_host = parts.version > Version::HTTP_10;
    if hosts > 1 || (hosts == 0 && needs_host && parts.uri.authority().is_none()) {
        return Err(StatusCode::BAD_REQUEST);
    }
    let codings = parts.headers.get_all(header::TRANSFER_ENCODING).iter();
    let mut codings = codings.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let is_known = |coding: &[u8]| {
        let coding = coding.trim_ascii();
        [&b""[..], b"chunked", b"identity"]
            .iter()
            .any(|known| coding.eq_ignore_ascii_case(known))
    };
    if codings.all(is_known) {
        Ok(())
    } else {
        Err(StatusCode::NOT_IMPLEMENTED)
    }
}

/// The function's response, or the status that the front end responds with by itself.
async fn exchange(
    front: Front,
    backend: &Backend,
    request: http::Request<Incoming>,
    client: IpAddr,
) -> Result<Response<Body>, StatusCode> {
    let (parts, body) = request.into_parts();
    admit(&parts)?;
    let Some(path) = path(front, &parts).map(str::to_owned) else {
        return Err(StatusCode::NOT_FOUND);
    };
    let body = match Limited::new(body, BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return Err(StatusCode::BAD_REQUEST),
    };
    let is_balanced = matches!(front, Front::Alb | Front::AlbSingle);
    if is_balanced && body.len() > BALANCED {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let request = http::Request::from_parts(parts, body);
    let route = Route {
        path: &path,
        stage: front.stage().unwrap_or("$default"),
        client,
    };
    let event = event(front, &request, route).to_string();
    if event.len() > EVENT {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let failed = match front {
        Front::Http => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_GATEWAY,
    };
    let invoked = backend.invoke(event.into_bytes()).await;
    let unusable = |reason| {
        eprintln!("guru-gateway: the function's answer cannot be used: {reason}");
        failed
    };
    let answer = match invoked {
        Ok(Answer::Whole(answer)) => answer,
        Ok(Answer::Streamed(Streamed { head, content })) => {
            let response = response(front, &head).map_err(unusable)?;
            let content = Content {
                chunks: content,
                is_over: false,
            };
            return Ok(response.map(|_| content.boxed_unsync()));
        }
        Err(error) => {
            eprintln!("guru-gateway: {error:#}");
            return Err(failed);
        }
    };
    if is_balanced && answer.len() > BALANCED {
        eprintln!(
            "guru-gateway: {} bytes are more than a load balancer takes",
            answer.len()
        );
        return Err(failed);
    }
    let response = response(front, &answer).map_err(unusable)?;
    Ok(response.map(whole))
}

/// An answer of the function.
pub(crate) enum Answer {
    Whole(Bytes),
    Streamed(Streamed),
}
