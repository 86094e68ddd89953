//! Answers that are made while they are sent. They must not know who sends them, nor need anybody to run them: a stream is the
//! author's future and one chunk, polled by whoever reads.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::ToString;
use core::any::Any;
use core::cell::RefCell;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{self, Poll, Waker};
use core::time::Duration;

use bytes::Bytes;

use super::{Context, Error, ErrorKind, Later, LocalFuture, Result};
use crate::http::{self, Body, Chunks, Response};

/// Where the maker of a stream puts its chunks.
///
/// ```
/// use guru_core::{App, Context, Request, Response, Result, memory};
///
/// async fn count(_cx: Context, _req: Request) -> Result<Response> {
///     Ok(Response::stream("text/plain", |mut out| async move {
///         for n in 0..3 {
///             out.send(format!("{n}\n")).await?;
///         }
///         Ok(())
///     }))
/// }
///
/// let client = memory::Client::new(App::new().get("/", count))?;
/// assert_eq!(client.get("/").body().as_bytes(), Some(&b"0\n1\n2\n"[..]));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Out(Rc<Slot>);

/// The chunk that was made and not yet taken, and whoever waits for that.
#[derive(Debug, Default)]
struct Slot {
    chunk: RefCell<Option<Bytes>>,
    waiting: RefCell<Option<Waker>>,
}

impl Slot {
    /// Takes the chunk. Whoever waits for that is polled with the rest of the future, unless its waker is another one.
    fn take(&self, cx: &task::Context<'_>) -> Option<Bytes> {
        let chunk = self.chunk.take();
        let waiting = self.waiting.take();
        if let Some(waiting) = waiting.filter(|waiting| !waiting.will_wake(cx.waker())) {
            waiting.wake();
        }
        chunk
    }

    /// Done once there is no chunk.
    async fn emptied(&self) {
        poll_fn(|cx| {
            if self.chunk.borrow().is_none() {
                return Poll::Ready(());
            }
            self.waiting.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl Out {
    /// Sends a chunk, and comes back once it was taken: what nobody reads, is not made. An empty one is left out.
    ///
    /// When the client leaves, the future that sends is dropped here.
    ///
    /// # Errors
    ///
    /// None today; a handler passes it on with `?`.
    pub async fn send(&mut self, chunk: impl Into<Bytes>) -> Result<()> {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return Ok(());
        }
        // One that was given up before its chunk was taken has left it here.
        self.0.emptied().await;
        self.0.chunk.replace(Some(chunk));
        self.0.emptied().await;
        Ok(())
    }
}

/// A future that makes chunks, begun when the first is asked for.
struct Maker<M> {
    make: Option<M>,
    making: Option<LocalFuture<Result<()>>>,
    slot: Rc<Slot>,
    /// Why it failed, for whoever can still say so.
    failure: Option<Error>,
}

impl<M, F> Chunks for Maker<M>
where
    M: FnOnce(Out) -> F + Unpin,
    F: Future<Output = Result<()>> + 'static,
{
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        if let Some(make) = self.make.take() {
            let out = Out(Rc::clone(&self.slot));
            self.making = Some(Box::pin(make(out)));
        }
        let ended = match &mut self.making {
            Some(making) => making.as_mut().poll(cx),
            None => Poll::Ready(Ok(())),
        };
        let chunk = self.slot.take(cx);
        match (chunk, ended) {
            (_, Poll::Ready(Err(error))) => {
                self.making = None;
                let broken = http::Error::broken(error.to_string());
                self.failure = Some(error);
                Poll::Ready(Some(Err(broken)))
            }
            (Some(chunk), ended) => {
                if ended.is_ready() {
                    self.making = None;
                }
                Poll::Ready(Some(Ok(chunk)))
            }
            (None, Poll::Ready(Ok(()))) => {
                self.making = None;
                Poll::Ready(None)
            }
            (None, Poll::Pending) => Poll::Pending,
        }
    }

    fn failure(mut self: Pin<&mut Self>) -> Option<Box<dyn Any>> {
        self.failure.take().map(|error| Box::new(error) as _)
    }
}

impl Response {
    /// 200 with content of this type that `make` makes while it is sent: one chunk at a time, no more than one ahead of whoever reads.
    /// An error before the first chunk is an ordinary answer with its status; after it, the transfer breaks off.
    #[must_use]
    pub fn stream<M, F>(content_type: &'static str, make: M) -> Self
    where
        M: FnOnce(Out) -> F + Unpin + 'static,
        F: Future<Output = Result<()>> + 'static,
    {
        Self::typed(content_type, Body::stream(maker(make)))
    }

    /// The same, of a size that is known: it is told to the client, and content of another size is broken.
    #[must_use]
    pub fn sized_stream<M, F>(content_type: &'static str, size: u64, make: M) -> Self
    where
        M: FnOnce(Out) -> F + Unpin + 'static,
        F: Future<Output = Result<()>> + 'static,
    {
        Self::typed(content_type, Body::sized_stream(size, maker(make)))
    }
}

fn maker<M, F>(make: M) -> Maker<M>
where
    M: FnOnce(Out) -> F,
{
    Maker {
        make: Some(make),
        making: None,
        slot: Rc::default(),
        failure: None,
    }
}

/// Says in the log why a stream broke off: the client cannot be told. Its request begins nothing after that.
pub(super) struct Logged {
    pub(super) source: Pin<Box<dyn Chunks>>,
    pub(super) cx: Context,
}

impl Chunks for Logged {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        let polled = self.source.as_mut().poll_chunk(cx);
        if let Poll::Ready(Some(Err(error))) = &polled {
            self.cx.log().error(error, &[]);
            drop(Later::of(&self.cx));
        }
        polled
    }

    fn release(mut self: Pin<&mut Self>, pause: Duration) -> bool {
        // What is put off begins once the answer is over, which is known only to whoever passes it on.
        !self.cx.put_off().is_any() && self.source.as_mut().release(pause)
    }
}

/// Whether a stream is to make its first chunk: nobody reads that of an answer without content. What is in memory needs
/// no future to be begun, which would cost every request a copy of its response.
pub(super) fn is_unbegun(response: &Response, is_head: bool) -> bool {
    let status = response.status();
    response.body().is_stream() && !is_head && !status.is_bodiless() && status.is_final()
}

/// Has a stream make its first chunk: what goes wrong before there is one is an ordinary error.
pub(super) async fn begin(mut response: Response) -> Result<Response> {
    let mut body = response.take_body();
    match body.chunk().await {
        Ok(Some(chunk)) => {
            body.put_back(chunk);
            Ok(response.with_body(body))
        }
        Ok(None) => Ok(response),
        Err(broken) => {
            let failure = body.failure().and_then(|failure| failure.downcast().ok());
            Err(match failure {
                Some(error) => *error,
                None if body.is_of_request() => broken.into(),
                None => Error::new(ErrorKind::Internal, broken.to_string()),
            })
        }
    }
}
