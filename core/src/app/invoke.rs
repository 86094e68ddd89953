//! Other functions, as a handler calls them.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use core::fmt;
use core::pin::Pin;
use core::time::Duration;

use super::{Context, Fetch};
use crate::app;
use crate::http::{self, Body, Method, Request, Response, Uri, Url};
use crate::ports::{self, Error, ErrorKind, FetchRequest, TIMEOUT, function_name};

/// Another function, which the function declares.
///
/// - A request reaches it as it is: method, path, query, headers and content. So does its answer, of any status.
/// - What holds for headers, streams, time and the trace of a request holds as in [`Fetch`].
/// - Where the function is, its deployment says; who may call it, too.
///
/// An error converts with `?`: into a 502 where the function is not reached or its answer breaks off, into a 504 where it takes too
/// long, and into a 503 where the deployment does not say where it is.
///
/// ```
/// use guru_core::{App, Context, Invoke, Request, Response, Result, memory};
/// # fn greeter(cx: &Context) -> Invoke { Invoke::new(cx, "greeter", |_| unreachable!()) }
///
/// async fn welcome(cx: Context, _req: Request) -> Result<Response> {
///     let mut answer = greeter(&cx).get("/hello/you").await?;
///     let text = answer.take_body().collect(1 << 20).await?;
///     Ok(Response::text(text))
/// }
///
/// async fn hello(_cx: Context, req: Request) -> Result<Response> {
///     let name: String = req.param("name")?;
///     Ok(Response::text(format!("hello {name}")))
/// }
///
/// let client = memory::Client::new(App::new().get("/", welcome))?
///     .function("greeter", App::new().get("/hello/{name}", hello));
/// assert_eq!(client.get("/").body().as_bytes(), Some(&b"hello you"[..]));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Invoke {
    fetch: Fetch,
    name: &'static str,
    timeout: Duration,
}

impl Invoke {
    /// The function of this name, which `open` finds where nobody has yet.
    #[doc(hidden)]
    pub fn new(
        cx: &Context,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn ports::Invoke>,
    ) -> Self {
        let port = Rc::new(Sent(cx.ports().invoke_or(name, open)));
        Self {
            fetch: Fetch::by(cx, port),
            name,
            timeout: TIMEOUT,
        }
    }

    /// Sets how long to wait for the answer's head, in place of 30 seconds, and then for each chunk of it.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends a `GET` request for a path, with its query.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and [`Invalid`](ErrorKind::Invalid) for a text that is not a path.
    pub async fn get(&self, target: &str) -> Result<Response, Error> {
        self.send(Request::new(Method::GET, read(target)?)).await
    }

    /// Sends a `POST` request with this content. Its type is set with [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and [`Invalid`](ErrorKind::Invalid) for a text that is not a path.
    pub async fn post(&self, target: &str, body: impl Into<Body>) -> Result<Response, Error> {
        let request = Request::new(Method::POST, read(target)?);
        self.send(request.with_body(body)).await
    }

    /// Sends any request, and comes back with the head of the answer. The request of a client is [passed](Self::pass) on.
    ///
    /// # Errors
    ///
    /// [`Timeout`](ErrorKind::Timeout) when the head takes too long; [`Invalid`](ErrorKind::Invalid) for `CONNECT`, for a path with a
    /// segment `.` or `..`, and for what this target cannot send; else as [`ports::Invoke::invoke`].
    ///
    /// The body of the answer ends with an error of the kind [`AnswerBroken`](crate::http::ErrorKind::AnswerBroken) when it breaks off,
    /// or a chunk takes too long.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let url = self.url(request.uri()).map_err(invalid)?;
        self.fetch.send(self.made(request, url)).await
    }

    /// Passes a request of a client on, as it is, and the answer back. What is wrong with the request is the client's fault: content
    /// that breaks off, or is too large for the handler, is what it is without this function.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send) as a handler's; [`BadRequest`](app::ErrorKind::BadRequest) for a path with a segment `.` or `..`,
    /// or with what no URL has; those of the request's content.
    pub async fn pass(&self, request: Request) -> app::Result<Response> {
        let url = self.url(request.uri());
        let url =
            url.map_err(|error| app::Error::new(app::ErrorKind::BadRequest, format!("{error}")))?;
        self.fetch.pass(self.made(request, url)).await
    }

    /// Where a request goes. The host says nothing, and has the function's name for whoever reads a message.
    fn url(&self, uri: &Uri) -> Result<Url, http::Error> {
        let name = function_name(self.name);
        let is_host =
            |name: &str| Url::parse(&format!("http://{name}/")).is_ok_and(|url| url.host() == name);
        let host = if is_host(&name) { &*name } else { "function" };
        Url::parse(&format!("http://{host}{uri}"))
    }

    fn made(&self, mut request: Request, url: Url) -> FetchRequest {
        FetchRequest::new(request.method().clone(), url)
            .with_headers(core::mem::take(request.headers_mut()))
            .with_timeout(self.timeout)
            .with_body(request.take_body())
    }
}

fn read(target: &str) -> Result<Uri, Error> {
    Uri::parse(target).map_err(invalid)
}

fn invalid(error: http::Error) -> Error {
    Error::new(ErrorKind::Invalid, format!("{error}"))
}

/// A function as what can be fetched from.
struct Sent(Rc<dyn ports::Invoke>);

impl ports::Fetch for Sent {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>>>> {
        self.0.invoke(request)
    }
}

impl fmt::Debug for Invoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Invoke").field(&self.name).finish()
    }
}
