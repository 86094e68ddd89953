//! Handles one request, in an instance of its own.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use guru_core::http::convert;
use guru_core::ports::Level;
use guru_core::{ErrorKind, Method, Service};
use http::{HeaderName, HeaderValue};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{WasiBody, WasiHttpView as _};

use crate::body::{Awaited, Body, Running};
use crate::host::{CLIENT_ADDRESS, Caller, Host, Inner, REQUEST_ID};
use crate::upload::Watched;

/// Why there is no response.
enum Failure {
    /// No instance became free in time.
    Full,
    /// The function timed out.
    Late,
    /// The function waited for its request's body, which did not arrive.
    Starved,
    /// The function itself returned an error.
    Refused(ErrorCode),
    /// The function crashed.
    Trapped(wasmtime::Error),
}

impl Failure {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Full => ErrorKind::Unavailable,
            Self::Late => ErrorKind::Timeout,
            Self::Starved => ErrorKind::RequestTimeout,
            Self::Refused(_) | Self::Trapped(_) => ErrorKind::Internal,
        }
    }

    fn text(&self, inner: &Inner, took: Duration) -> String {
        let seconds = took.as_secs_f64();
        match self {
            Self::Full => format!(
                "none of {} instances was free within {seconds:.3} s",
                inner.limits.instances
            ),
            Self::Late => format!("the function was stopped after {seconds:.3} s"),
            Self::Starved => {
                format!("the body of the request was not there within {seconds:.3} s")
            }
            Self::Refused(code) => format!("the function did not answer: {code:?}"),
            // The backtrace consists of numbers: a component has no names left.
            Self::Trapped(error) => format!("the function crashed: {}", error.root_cause()),
        }
    }
}

impl Host {
    /// Handles any request. Must be called on a tokio runtime.
    pub async fn answer<B>(
        &self,
        mut request: http::Request<B>,
        caller: Caller,
    ) -> http::Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<wasmtime_wasi_http::Error>,
    {
        let method = convert::method(request.method());
        vouch(request.headers_mut(), &caller);
        let began = Instant::now();
        let limits = &self.0.limits;
        // The vendor's limit, and the host's own, hold for all of a response.
        let total = limits.total.map(|total| began + total);
        let end = [caller.deadline, total].into_iter().flatten().min();
        let latest = began + limits.time;
        let deadline = end.map_or(latest, |end| end.min(latest));
        let (head, answered) = oneshot::channel();
        let (failed, failure) = oneshot::channel();
        let inner = Arc::clone(&self.0);
        let id = caller.request_id.clone();
        // A separate task, because it continues after the head of the response: the function writes the body. It ends
        // no later than the value that is returned here.
        let awaited = Arc::new(Awaited::default());
        let stream = Stream {
            awaited: Arc::clone(&awaited),
            deadline: end,
        };
        let running = Running::new(tokio::spawn(async move {
            let room = Arc::clone(&inner.room).acquire_owned();
            let (room, done) = match timeout_at(deadline, room).await {
                Ok(Ok(room)) => {
                    let done = run(&inner, request, head, deadline, &stream).await;
                    (Some(room), done)
                }
                _ => (None, Err((Stage::Asked, Failure::Full))),
            };
            let Err((mut stage, failure)) = done else {
                return;
            };
            // Its place is kept until the log has it, so that nobody goes before; but not for as long as a client reads.
            if let Stage::Answering = stage {
                drop(room);
                // All of the answer can be there, and be read yet.
                stream.awaited.was_read().await;
                stage = stream.stage(true);
            }
            // Once the status has been sent, only the log can report it.
            if let Some(stage) = stage.text() {
                let text = failure.text(&inner, began.elapsed());
                inner.note(Level::Error, &format!("{stage}: {text}"), Some(&id));
            }
            let _ = failed.send(failure);
        }));
        if let Ok(response) = answered.await {
            let size = size(&method, &response);
            return response.map(|body| Body::of_function(body, awaited, running, size));
        }
        let (kind, text) = match failure.await {
            Ok(failure) => (failure.kind(), failure.text(&self.0, began.elapsed())),
            Err(_) => (ErrorKind::Internal, "the host itself crashed".into()),
        };
        self.note(Level::Error, &text, Some(&caller.request_id));
        whole(Service::lost(kind, &caller.request_id, &method))
    }
}

/// A response that does not come from a function.
pub(crate) fn whole(response: guru_core::Response) -> http::Response<Body> {
    convert::whole_response(response).map(Body::whole)
}

impl Host {
    /// Creates an instance and discards it: the cost of isolation per request, for benchmarks.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unfit`](crate::ErrorKind::Unfit) for a component that does not even start.
    #[doc(hidden)]
    pub async fn rehearse(&self) -> Result<(), crate::Error> {
        let mut store = self.0.store();
        let made = self.0.function.instantiate_async(&mut store).await;
        made.map(drop).map_err(|error| {
            crate::Error::new(
                crate::ErrorKind::Unfit,
                format!("the component does not start: {error:#}"),
            )
        })
    }
}

/// Replaces a client's copies of the headers that carry the platform's metadata.
fn vouch(headers: &mut http::HeaderMap, caller: &Caller) {
    let said = [
        (REQUEST_ID, Some(caller.request_id.clone())),
        (CLIENT_ADDRESS, caller.client_ip.map(|ip| ip.to_string())),
    ];
    for (name, value) in said {
        let name = HeaderName::from_static(name);
        headers.remove(&name);
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
}

/// How many bytes of a response a client reads, where that is known (RFC 9112, section 6.3).
fn size<B>(method: &Method, response: &http::Response<B>) -> Option<u64> {
    if *method == Method::HEAD || matches!(response.status().as_u16(), 204 | 304) {
        return Some(0);
    }
    let length = response.headers().get(http::header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// How far a request has come.
enum Stage {
    Asked,
    Answering,
    Answered,
}

impl Stage {
    fn text(&self) -> Option<&'static str> {
        match self {
            Self::Asked => None,
            Self::Answering => Some("the answer broke off"),
            Self::Answered => Some("what went on after the answer broke off"),
        }
    }
}

/// An instance that is about to be dropped.
struct Gone<'a>(&'a Awaited);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.break_off();
    }
}

/// How a response is timed once its head has been sent.
struct Stream {
    awaited: Arc<Awaited>,
    /// When all of it must be there, if that is limited.
    deadline: Option<Instant>,
}

/// Runs a new instance until its response has been read and it has nothing to go on with, or it fails.
async fn run<B>(
    inner: &Inner,
    request: http::Request<B>,
    head: Head,
    deadline: Instant,
    stream: &Stream,
) -> Result<(), (Stage, Failure)>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<wasmtime_wasi_http::Error>,
{
    let (parts, body) = request.into_parts();
    let (body, arrival) = Watched::new(body, Arc::clone(&stream.awaited));
    let request = http::Request::from_parts(parts, body);
    let has_head = AtomicBool::new(false);
    let mut called = pin!(call(inner, request, head, &has_head, &stream.awaited));
    let mut until = deadline;
    loop {
        let done = timeout_at(until, &mut called).await;
        let stage = stream.stage(has_head.load(Ordering::Relaxed));
        match done {
            Ok(Ok(None)) => return Ok(()),
            Ok(Ok(Some(code))) => return Err((stage, Failure::Refused(code))),
            Ok(Err(error)) => return Err((stage, Failure::Trapped(error))),
            Err(_) => {}
        }
        if let Stage::Asked = stage {
            // While a body comes, nothing is late.
            let later = arrival.last() + inner.limits.time;
            let later = stream.deadline.map_or(later, |latest| latest.min(later));
            if later > Instant::now() {
                until = later;
                continue;
            }
            let failure = if arrival.is_awaited() {
                Failure::Starved
            } else {
                Failure::Late
            };
            return Err((stage, failure));
        }
        match stream.until(inner.limits.time) {
            Some(next) => until = next,
            None => return Err((stage, Failure::Late)),
        }
    }
}

impl Stream {
    fn stage(&self, has_head: bool) -> Stage {
        match self.awaited.read() {
            Some(_) => Stage::Answered,
            None if has_head => Stage::Answering,
            None => Stage::Asked,
        }
    }

    /// When to look again, or `None` if the next chunk is late, or all of the response, or what comes after it.
    fn until(&self, limit: Duration) -> Option<Instant> {
        let now = Instant::now();
        let since = self.awaited.read().or_else(|| self.awaited.since());
        let next = since.unwrap_or(now) + limit;
        let next = self.deadline.map_or(next, |deadline| deadline.min(next));
        (next > now).then_some(next)
    }
}

type Head = oneshot::Sender<http::Response<WasiBody>>;

/// Returns once the response was read and the function has nothing to go on with; an error code if there is no response.
async fn call<B>(
    inner: &Inner,
    request: http::Request<B>,
    head: Head,
    has_head: &AtomicBool,
    awaited: &Awaited,
) -> wasmtime::Result<Option<ErrorCode>>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<wasmtime_wasi_http::Error>,
{
    let mut store = inner.store();
    // Dropped before the store, with which the content ends.
    let _broken = Gone(awaited);
    let function = inner.function.instantiate_async(&mut store).await?;
    // The outcome of the request depends on its body, which reports to its own connection.
    let (request, _outcome) = Request::from_http(store.data_mut().http().hooks, request);
    store
        .run_concurrent(async |accessor| {
            let response = match function.handle(accessor, request).await? {
                Ok(response) => response,
                Err(code) => return Ok(Some(code)),
            };
            let response = accessor.with(|store| response.into_http(store, async { Ok(()) }))?;
            has_head.store(true, Ordering::Relaxed);
            let _ = head.send(response);
            awaited.was_read().await;
            poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
            Ok(None)
        })
        .await?
}
