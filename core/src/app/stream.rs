//! Answers that are made while they are sent. They must not know who sends them, nor need anybody to run them: a stream is the
//! author's future and one chunk, polled by whoever reads.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::ToString;
use core::cell::RefCell;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{self, Poll};

use bytes::Bytes;

use super::{Context, LocalFuture, Result};
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

/// The chunk that was made and not yet taken.
#[derive(Debug, Default)]
struct Slot(RefCell<Option<Bytes>>);

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
        self.0.0.replace(Some(chunk));
        // Whoever takes the chunk polls again: nobody need be woken.
        poll_fn(|_| {
            if self.0.0.borrow().is_some() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        Ok(())
    }
}

/// A future that makes chunks, begun when the first is asked for.
struct Maker<M> {
    make: Option<M>,
    making: Option<LocalFuture<Result<()>>>,
    slot: Rc<Slot>,
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
        let chunk = self.slot.0.take();
        match (chunk, ended) {
            (_, Poll::Ready(Err(error))) => {
                self.making = None;
                Poll::Ready(Some(Err(http::Error::broken(error.to_string()))))
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
}

impl Response {
    /// 200 with content of this type that `make` makes while it is sent: one chunk at a time, and none ahead of whoever reads.
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
    }
}

/// Says in the log why a stream broke off: the client cannot be told.
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
        }
        polled
    }
}
