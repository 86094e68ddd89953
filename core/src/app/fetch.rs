//! Requests to other servers, as a handler makes them. What is the same on every target is here: which hosts, which headers,
//! how long. It must not know who sends them.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::ToString;
use core::any::Any;
use core::cell::Cell;
use core::fmt;
use core::pin::Pin;
use core::task::{self, Poll};
use core::time::Duration;

use bytes::Bytes;

use super::time::{Either, race};
use super::trace::Trace;
use super::{Context, Error, ErrorKind};
use crate::http::{self, Body, Chunks, Method, Response, Url, end_to_end};
use crate::ports::{self, Clock, FetchRequest, Random, hosts};

/// Headers that frame the message or belong to the connection, which are the target's; hop-by-hop headers are others.
const OF_THE_TARGET: [&str; 3] = ["content-length", "expect", "host"];

/// Outbound HTTP, to the hosts that the function [declares](hosts).
///
/// - Redirects are not followed, and there are no cookies and no cache.
/// - The answer of any status is an answer. Its body may be a stream, which is read with [`Body::chunk`] or
///   [`Body::collect`], or answered as it is.
/// - A request has 30 seconds until the head of the answer is there, unless it says
///   [otherwise](FetchRequest::with_timeout), and so long again for each chunk of the answer.
/// - `accept-encoding` is `identity` unless the request sets it: a content coding is not undone here.
/// - `host`, `content-length`, `expect` and hop-by-hop headers are left out of the request, and hop-by-hop headers out of the
///   answer: they are the target's. A request's headers can so be passed on as they are. Content of a known size is told by
///   [`Body::sized_stream`].
/// - What is fetched belongs to the trace of the request: it gets a `traceparent` with a parent of its own, unless it sets one. A
///   request without `traceparent`, or with a malformed or a repeated one, has no trace.
/// - Dropping the future, or the body of the answer, cancels the request.
///
/// An error converts with `?`: into a 502 where the other server is not reached or its answer breaks off, into a 504 where it
/// takes too long, and into a 500 where the request is the function's fault.
///
/// ```
/// use guru_core::http::{Method, Request, Response, Url};
/// use guru_core::ports::FetchRequest;
/// use guru_core::{App, Context, Fetch, Result, memory};
/// # fn weather(cx: &Context) -> Fetch { Fetch::new(cx, &["http://api.example.com"], || unreachable!()) }
///
/// async fn tomorrow(cx: Context, _req: Request) -> Result<Response> {
///     let mut answer = weather(&cx).get("http://api.example.com/weather?day=1").await?;
///     let text = answer.take_body().collect(1 << 20).await?;
///     Ok(Response::text(text))
/// }
///
/// async fn sunny(_cx: Context, _req: Request) -> Result<Response> {
///     Ok(Response::text("sunny"))
/// }
///
/// let client = memory::Client::new(App::new().get("/", tomorrow))?
///     .origin("http://api.example.com", App::new().get("/weather", sunny));
/// assert_eq!(client.get("/").body().as_bytes(), Some(&b"sunny"[..]));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Fetch {
    port: Rc<dyn ports::Fetch>,
    clock: Rc<dyn Clock>,
    random: Rc<dyn Random>,
    /// Those that the function declares; none where the port leads to one place alone.
    hosts: Option<&'static [&'static str]>,
    trace: Option<Trace>,
}

impl Fetch {
    /// The handle of one request for these hosts, with the port that `make` makes where there is none yet.
    #[doc(hidden)]
    pub fn new(
        cx: &Context,
        hosts: &'static [&'static str],
        make: impl FnOnce() -> Rc<dyn ports::Fetch>,
    ) -> Self {
        let port = Rc::clone(cx.ports().fetch_or(make));
        let hosts = Some(hosts);
        Self {
            hosts,
            ..Self::by(cx, port)
        }
    }

    /// The handle of one request for a port that leads to one place, whatever the host of a URL.
    pub(super) fn by(cx: &Context, port: Rc<dyn ports::Fetch>) -> Self {
        let ports = cx.ports();
        Self {
            port,
            clock: Rc::clone(&ports.clock),
            random: Rc::clone(&ports.random),
            hosts: None,
            trace: cx.trace(),
        }
    }

    /// The hosts that the port declares.
    pub(super) fn hosts(&self) -> &'static [&'static str] {
        self.hosts.unwrap_or_default()
    }

    /// Sends a `GET` request.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and [`Invalid`](ports::ErrorKind::Invalid) for a text that is not a [`Url`].
    pub async fn get(&self, url: &str) -> Result<Response, ports::Error> {
        let url = Url::parse(url).map_err(invalid)?;
        self.send(FetchRequest::new(Method::GET, url)).await
    }

    /// Sends a `POST` request with this content. Its type is set with [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and [`Invalid`](ports::ErrorKind::Invalid) for a text that is not a [`Url`].
    pub async fn post(&self, url: &str, body: impl Into<Body>) -> Result<Response, ports::Error> {
        let url = Url::parse(url).map_err(invalid)?;
        let request = FetchRequest::new(Method::POST, url);
        self.send(request.with_body(body)).await
    }

    /// Sends any request, and comes back with the head of the answer.
    ///
    /// # Errors
    ///
    /// [`Denied`](ports::ErrorKind::Denied) when the host is not declared; [`Invalid`](ports::ErrorKind::Invalid) for `CONNECT`,
    /// and for what this target cannot send; [`Timeout`](ports::ErrorKind::Timeout) when the head takes too long; else as
    /// [`ports::Fetch::fetch`].
    ///
    /// The body of the answer ends with an error of the kind [`AnswerBroken`](http::ErrorKind::AnswerBroken) when it breaks
    /// off, or a chunk takes too long.
    pub async fn send(&self, mut request: FetchRequest) -> Result<Response, ports::Error> {
        self.sent(&mut request, &Rc::default()).await
    }

    /// Passes the request of a client on. Content that breaks off, or is too large for the handler, is the client's fault.
    pub(super) async fn pass(&self, mut request: FetchRequest) -> super::Result<Response> {
        // A request without content is not to become one of unknown size, which servers refuse of a GET.
        let body = request.take_body().told_apart().await?;
        let mut request = request.with_body(body);
        let sent = Rc::default();
        let answer = self.sent(&mut request, &sent).await;
        match (answer, sent.error.take()) {
            (Ok(answer), _) => Ok(answer),
            // The client's content broke off, and with it the request.
            (Err(_), Some(error)) => Err(error.into()),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Sends a request, and keeps count of its content.
    async fn sent(
        &self,
        request: &mut FetchRequest,
        sent: &Rc<Sent>,
    ) -> Result<Response, ports::Error> {
        self.admit(request)?;
        let pause = request.timeout();
        let host: Box<str> = request.url().authority().into();
        let body = request.take_body().wrapped(|source| Counted {
            source,
            clock: Rc::clone(&self.clock),
            sent: Rc::clone(sent),
        });
        sent.last.set(self.clock.now());
        let whole = FetchRequest::new(request.method().clone(), request.url().clone());
        let whole = whole
            .with_headers(core::mem::take(request.headers_mut()))
            .with_timeout(pause)
            .with_body(body);
        let mut answer = self.port.fetch(whole);
        let mut left = pause;
        loop {
            if let Either::First(answer) = race(&mut answer, self.clock.sleep(left)).await {
                return Ok(self.received(answer?, host, pause));
            }
            // While content is sent, nothing is late.
            let idle = self.clock.now().saturating_sub(sent.last.get());
            left = pause.saturating_sub(idle);
            if left.is_zero() {
                let pause = millis(pause);
                let message = format!(
                    "{host} did not answer within {pause} ms: with_timeout gives a request more time"
                );
                return Err(ports::Error::new(ports::ErrorKind::Timeout, message));
            }
        }
    }

    /// Holds a request to what is declared, and to what every target can send.
    fn admit(&self, request: &mut FetchRequest) -> Result<(), ports::Error> {
        let url = request.url();
        if self.hosts.is_some_and(|hosts| !hosts::allows(hosts, url)) {
            let (scheme, host) = (url.scheme().as_str(), url.authority());
            return Err(ports::Error::new(
                ports::ErrorKind::Denied,
                format!(
                    "{host} is not declared: add \"{scheme}://{host}\" to the hosts of this port in guru::ports!"
                ),
            ));
        }
        if *request.method() == Method::CONNECT {
            return Err(ports::Error::new(
                ports::ErrorKind::Invalid,
                "CONNECT asks for a tunnel, which a function cannot use: fetch the host itself",
            ));
        }
        let headers = request.headers_mut();
        end_to_end(headers);
        headers.retain(|name, _| !OF_THE_TARGET.contains(&name));
        if !headers.contains("accept-encoding") {
            headers
                .append("accept-encoding", "identity")
                .map_err(invalid)?;
        }
        if let Some(trace) = &self.trace
            && !headers.contains("traceparent")
        {
            let child = trace.child(&*self.random);
            headers.append("traceparent", child).map_err(invalid)?;
        }
        Ok(())
    }

    /// An answer as a handler gets it.
    fn received(&self, mut answer: Response, host: Box<str>, pause: Duration) -> Response {
        end_to_end(answer.headers_mut());
        let clock = Rc::clone(&self.clock);
        let body = answer.take_body().of_answer(|source| Watched {
            source: Some(source),
            clock,
            host,
            pause,
            timer: None,
            since: None,
            failure: None,
        });
        answer.with_body(body)
    }
}

/// Without the code that formats the 128 bits of `as_millis`.
fn millis(duration: Duration) -> u64 {
    let whole = duration.as_secs().saturating_mul(1000);
    whole.saturating_add(u64::from(duration.subsec_millis()))
}

fn invalid(error: http::Error) -> ports::Error {
    ports::Error::new(ports::ErrorKind::Invalid, error.to_string())
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fetch").field(&self.hosts).finish()
    }
}

/// What is known of the content of a request that is sent.
#[derive(Default)]
struct Sent {
    /// When it was last asked for, or made.
    last: Cell<Duration>,
    /// Why it broke off.
    error: Cell<Option<http::Error>>,
}

/// The content of a request, which is counted as it is sent.
struct Counted {
    source: Pin<Box<dyn Chunks>>,
    clock: Rc<dyn Clock>,
    sent: Rc<Sent>,
}

impl Chunks for Counted {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        let polled = self.source.as_mut().poll_chunk(cx);
        if let Poll::Ready(made) = &polled {
            self.sent.last.set(self.clock.now());
            if let Some(Err(error)) = made {
                self.sent.error.set(Some(error.clone()));
            }
        }
        polled
    }

    fn failure(mut self: Pin<&mut Self>) -> Option<Box<dyn Any>> {
        self.source.as_mut().failure()
    }
}

/// The body of an answer, each chunk of which has so long to come. The time counts while somebody waits for it.
struct Watched {
    /// `None` once it has ended, which lets go of the connection at once.
    source: Option<Pin<Box<dyn Chunks>>>,
    clock: Rc<dyn Clock>,
    host: Box<str>,
    pause: Duration,
    /// One timer for many chunks: a platform may have a limit on those that were set, also on those that nobody waits for.
    timer: Option<Pin<Box<dyn Future<Output = ()>>>>,
    /// When the next chunk was first waited for.
    since: Option<Duration>,
    /// Why it broke off, for an answer that has not begun.
    failure: Option<Error>,
}

impl Watched {
    fn fail(&mut self, kind: ErrorKind, problem: &dyn fmt::Display) -> http::Error {
        let message = format!("the answer of {} broke off: {problem}", self.host);
        self.source = None;
        self.failure = Some(Error::new(kind, message.clone()));
        http::Error::answer_broken(message)
    }
}

impl Chunks for Watched {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        let this = &mut *self;
        let Some(source) = &mut this.source else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(made) = source.as_mut().poll_chunk(cx) {
            this.since = None;
            return Poll::Ready(match made {
                Some(Ok(chunk)) => Some(Ok(chunk)),
                Some(Err(error)) => Some(Err(this.fail(ErrorKind::BadGateway, &error))),
                None => {
                    this.source = None;
                    None
                }
            });
        }
        let now = this.clock.now();
        let since = *this.since.get_or_insert(now);
        loop {
            let timer = this
                .timer
                .get_or_insert_with(|| this.clock.sleep(this.pause));
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.timer = None;
            let left = this.pause.saturating_sub(now.saturating_sub(since));
            if left.is_zero() {
                break;
            }
            // It was set for a chunk before this one.
            this.timer = Some(this.clock.sleep(left));
        }
        let problem = format!("no more of it came within {} ms", millis(this.pause));
        Poll::Ready(Some(Err(this.fail(ErrorKind::Timeout, &problem))))
    }

    fn failure(mut self: Pin<&mut Self>) -> Option<Box<dyn Any>> {
        self.failure.take().map(|error| Box::new(error) as _)
    }

    fn release(mut self: Pin<&mut Self>, pause: Duration) -> bool {
        let pause = pause.min(self.pause);
        let source = self.source.as_mut();
        source.is_some_and(|source| source.as_mut().release(pause))
    }
}
