//! The runtime API, as one process of the function sees it.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{Call, Chunk, Lease, Streamed};

/// The path that all of the API is below.
const ROOT: &str = "/2018-06-01/runtime/";

/// How long an invocation may last, unless `AWS_LAMBDA_FUNCTION_TIMEOUT` says another number of seconds: as in AWS's emulator.
const TIME: u64 = 300;

/// What separates the head of a streamed answer from its content.
const SEPARATOR: [u8; 8] = [0; 8];

/// The most that is read of a head.
const HEAD: usize = 1024 * 1024;

pub(super) struct Api {
    waiting: tokio::sync::Mutex<mpsc::Receiver<Call>>,
    current: Mutex<Option<Current>>,
    /// Of an invocation that was answered, until the function asks for the next one.
    answered: Mutex<Option<Lease>>,
    /// How often the function has asked for an invocation.
    asked: AtomicU64,
}

/// The invocation that the function has.
struct Current {
    id: String,
    answer: oneshot::Sender<Result<Streamed, String>>,
    lease: Lease,
}

impl Api {
    pub(super) fn new(waiting: mpsc::Receiver<Call>) -> Self {
        Self {
            waiting: tokio::sync::Mutex::new(waiting),
            current: Mutex::new(None),
            answered: Mutex::new(None),
            asked: AtomicU64::new(0),
        }
    }

    /// Serves the function until this is dropped, with all of its connections.
    pub(super) async fn serve(self, listener: TcpListener) {
        let api = Arc::new(self);
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let api = Arc::clone(&api);
            connections.spawn(async move {
                let service = service_fn(|request| {
                    let api = Arc::clone(&api);
                    async move { Ok::<_, Infallible>(api.answer(request).await) }
                });
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let rest = path.strip_prefix(ROOT).unwrap_or_default();
        let named = rest.strip_prefix("invocation/");
        match (
            request.method(),
            named.and_then(|rest| rest.split_once('/')),
        ) {
            (&Method::GET, None) if rest == "invocation/next" => self.next().await,
            (&Method::POST, Some((id, "response"))) => self.response(id, request).await,
            (&Method::POST, Some((id, "error"))) => self.error(id, request).await,
            (&Method::POST, None) if rest == "init/error" => {
                eprintln!(
                    "guru-gateway: the function did not start: {}",
                    text(request).await
                );
                told(StatusCode::ACCEPTED)
            }
            _ => told(StatusCode::NOT_FOUND),
        }
    }

    /// The next invocation, once there is one. What was left of the one before is over.
    async fn next(&self) -> Response<Full<Bytes>> {
        self.asked.fetch_add(1, Ordering::AcqRel);
        drop((self.current().take(), self.keep(None)));
        let Some(call) = self.waiting.lock().await.recv().await else {
            return told(StatusCode::GONE);
        };
        let id = uuid::Uuid::new_v4().to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let deadline = now.unwrap_or_default() + Duration::from_secs(time());
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", &id)
            .header(
                "lambda-runtime-deadline-ms",
                deadline.as_millis().to_string(),
            )
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:012345678912:function:function",
            )
            .header("content-type", "application/json")
            .body(Full::new(call.event));
        *self.current() = Some(Current {
            id,
            answer: call.answer,
            lease: call.lease,
        });
        response.unwrap_or_else(|_| told(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// The answer to an invocation, which is passed on as it comes.
    async fn response(&self, id: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let asked = self.asked.load(Ordering::Acquire);
        let Some(Current { answer, lease, .. }) = self.take(id) else {
            return told(StatusCode::BAD_REQUEST);
        };
        let mode = request
            .headers()
            .get("lambda-runtime-function-response-mode");
        if mode.is_none_or(|mode| mode != "streaming") {
            let _ = answer.send(Err("the function's answer is not streamed".into()));
            self.keep(Some(lease));
            return told(StatusCode::ACCEPTED);
        }
        let mut body = request.into_body();
        let (head, begun) = match head(&mut body).await {
            Ok(read) => read,
            Err(reason) => {
                let _ = answer.send(Err(reason));
                return told(StatusCode::BAD_REQUEST);
            }
        };
        let (chunks, content) = mpsc::channel(1);
        let _ = answer.send(Ok(Streamed { head, content }));
        pass(begun, body, &chunks).await;
        // A function whose answer broke off may have asked for the next by now.
        if self.asked.load(Ordering::Acquire) == asked {
            self.keep(Some(lease));
        }
        told(StatusCode::ACCEPTED)
    }

    async fn error(&self, id: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let Some(current) = self.take(id) else {
            return told(StatusCode::BAD_REQUEST);
        };
        let reason = format!("the invocation failed: {}", text(request).await);
        let _ = current.answer.send(Err(reason));
        told(StatusCode::ACCEPTED)
    }

    /// Keeps what the function holds although it has answered. Returns what it held before.
    fn keep(&self, lease: Option<Lease>) -> Option<Lease> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut answered, lease)
    }

    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The invocation with this id, if the function has it.
    fn take(&self, id: &str) -> Option<Current> {
        self.current().take_if(|current| current.id == id)
    }
}

/// The head of an answer, and what has come of its content by then.
async fn head(body: &mut Incoming) -> Result<(Bytes, Bytes), String> {
    let mut read = BytesMut::new();
    while read.len() <= HEAD {
        let mut parts = read.windows(SEPARATOR.len());
        if let Some(at) = parts.position(|part| part == SEPARATOR) {
            let head = read.split_to(at);
            let _ = read.split_to(SEPARATOR.len());
            return Ok((head.freeze(), read.freeze()));
        }
        match body.frame().await {
            Some(Ok(frame)) => read.extend(frame.into_data().unwrap_or_default()),
            Some(Err(error)) => return Err(format!("the answer broke off in its head: {error}")),
            None => return Err("the answer has no head".into()),
        }
    }
    Err("the head of the answer has no end".into())
}

/// Passes on what comes. It is read to its end even where the client has left, of which a function is told nothing.
async fn pass(begun: Bytes, mut body: Incoming, chunks: &mpsc::Sender<Chunk>) {
    if !begun.is_empty() {
        let _ = chunks.send(Ok(Some(begun))).await;
    }
    while let Some(frame) = body.frame().await {
        let is_broken = match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => {
                let _ = chunks.send(Ok(Some(data))).await;
                false
            }
            Ok(Err(frame)) => frame.trailers_ref().is_some_and(|trailers| {
                trailers.contains_key("lambda-runtime-function-error-type")
            }),
            Err(_) => true,
        };
        if is_broken {
            // Whoever reads finds no end.
            return;
        }
    }
    let _ = chunks.send(Ok(None)).await;
}

async fn text(request: Request<Incoming>) -> String {
    let body = request.into_body().collect().await;
    let body = body
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    String::from_utf8_lossy(&body).into_owned()
}

fn told(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn time() -> u64 {
    let said = std::env::var("AWS_LAMBDA_FUNCTION_TIMEOUT");
    said.ok().and_then(|said| said.parse().ok()).unwrap_or(TIME)
}
