//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), as a stream of their own kind.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::any::Any;
use core::fmt::{Display, Write as _};
use core::pin::Pin;
use core::task::{self, Poll, ready};
use core::time::Duration;

use bytes::Bytes;

use super::{Context, LocalFuture, Out, Result};
use crate::http::{self, Chunks, Response};

/// The media type of a stream of events.
const TYPE: &str = "text/event-stream";

/// An event, as a browser's `EventSource` reads it.
#[derive(Clone, Debug, Default)]
pub struct Event {
    head: String,
    data: String,
}

impl Event {
    /// An event with this data; lines of it stay lines.
    #[must_use]
    pub fn data(data: impl Display) -> Self {
        let mut event = Self::default();
        field(&mut event.data, "data", &data);
        event
    }

    /// A comment, which no reader hears of: it keeps the connection from being taken for idle.
    #[must_use]
    pub fn comment(text: impl Display) -> Self {
        let mut event = Self::default();
        field(&mut event.head, "", &text);
        event
    }

    /// With an id, which a browser sends as `last-event-id` when it connects again.
    #[must_use]
    pub fn id(mut self, id: impl Display) -> Self {
        field(&mut self.head, "id", &id);
        self
    }

    /// With a name, in place of `message`.
    #[must_use]
    pub fn name(mut self, name: impl Display) -> Self {
        field(&mut self.head, "event", &name);
        self
    }

    /// With how long a browser waits before it connects again.
    #[must_use]
    pub fn retry(mut self, after: Duration) -> Self {
        field(&mut self.head, "retry", &after.as_millis());
        self
    }
}

/// A field for each line of the value: what ends a line would end the field.
fn field(out: &mut String, name: &str, value: &dyn Display) {
    let value = format!("{value}");
    let lines = value.split("\r\n");
    for line in lines.flat_map(|line| line.split(['\r', '\n'])) {
        let _ = writeln!(out, "{name}: {line}");
    }
}

/// Where the maker of a stream puts its events.
#[derive(Debug)]
pub struct Events(Out);

impl Events {
    /// Sends an event, and comes back once it was taken.
    ///
    /// # Errors
    ///
    /// As [`Out::send`].
    pub async fn send(&mut self, event: Event) -> Result<()> {
        let mut text = event.head;
        text.push_str(&event.data);
        text.push('\n');
        self.0.send(text).await
    }
}

impl Response {
    /// 200 with server-sent events, which `make` makes while they are sent. Nothing between here and the client may keep them.
    ///
    /// ```
    /// use guru_core::{App, Context, Event, Request, Response, Result, memory};
    ///
    /// async fn ticks(_cx: Context, _req: Request) -> Result<Response> {
    ///     Ok(Response::events(|mut events| async move {
    ///         events.send(Event::data("tick").id(1)).await
    ///     }))
    /// }
    ///
    /// let client = memory::Client::new(App::new().get("/", ticks))?;
    /// assert_eq!(client.get("/").body().as_bytes(), Some(&b"id: 1\ndata: tick\n\n"[..]));
    /// # Ok::<(), guru_core::Error>(())
    /// ```
    #[must_use]
    pub fn events<M, F>(make: M) -> Self
    where
        M: FnOnce(Events) -> F + Unpin + 'static,
        F: Future<Output = Result<()>> + 'static,
    {
        let mut response = Self::stream(TYPE, move |out| make(Events(out)));
        let added = response.headers_mut().append("cache-control", "no-cache");
        debug_assert!(added.is_ok(), "both are well-formed");
        response
    }

    /// Has a stream of [events](Self::events) send an empty comment whenever it has sent nothing for so long: who stands between
    /// here and the client takes a connection for idle after a minute or less, and nobody else finds out that the client has
    /// left. Such a comment is a chunk: the limit on the time that a chunk takes holds no longer. Any other answer stays as it
    /// is, as one that was fetched does.
    ///
    /// ```
    /// use core::time::Duration;
    /// use guru_core::{App, Context, Event, Request, Response, Result, memory};
    ///
    /// async fn slow(cx: Context, _req: Request) -> Result<Response> {
    ///     let own = cx.clone();
    ///     let events = Response::events(|mut events| async move {
    ///         own.sleep(Duration::from_secs(40)).await;
    ///         events.send(Event::data("at last")).await
    ///     });
    ///     Ok(events.keep_alive(&cx, Duration::from_secs(15)))
    /// }
    ///
    /// let client = memory::Client::new(App::new().get("/", slow))?;
    /// assert_eq!(client.get("/").body().as_bytes(), Some(&b":\n\n:\n\ndata: at last\n\n"[..]));
    /// # Ok::<(), guru_core::Error>(())
    /// ```
    #[must_use]
    pub fn keep_alive(mut self, cx: &Context, every: Duration) -> Self {
        let headers = self.headers();
        let is_plain = headers.get("content-encoding").is_none() && self.body().size().is_none();
        let is_events = headers.get_str("content-type") == Some(TYPE);
        // Only of a stream that is made here is it known that a chunk ends where an event does.
        if !is_plain || !is_events || !self.body().is_made_here() {
            return self;
        }
        let body = self.take_body();
        let cx = cx.clone();
        self.with_body(body.wrapped(|source| Kept {
            source,
            cx,
            every,
            timer: None,
        }))
    }
}

/// Events that are never silent for long.
struct Kept {
    source: Pin<Box<dyn Chunks>>,
    cx: Context,
    every: Duration,
    /// Since the last chunk.
    timer: Option<LocalFuture<()>>,
}

impl Chunks for Kept {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(chunk) = this.source.as_mut().poll_chunk(cx) {
            this.timer = None;
            return Poll::Ready(chunk);
        }
        let clock = this.cx.clock();
        let timer = this.timer.get_or_insert_with(|| clock.sleep(this.every));
        ready!(timer.as_mut().poll(cx));
        this.timer = None;
        // An event is one chunk: this is between two.
        Poll::Ready(Some(Ok(Bytes::from_static(b":\n\n"))))
    }

    fn failure(mut self: Pin<&mut Self>) -> Option<Box<dyn Any>> {
        self.source.as_mut().failure()
    }
}
