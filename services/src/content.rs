//! Content of any size on its way to a service, or from one, on whichever thread waits for it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use guru_core::ports::{Error, ErrorKind, check_size};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Content that comes in chunks, with its size where that is known. One that ends with an error is to be stored by nobody.
pub type Content = UnsyncBoxBody<Bytes, Error>;

/// Content that is there.
#[must_use]
pub fn whole(bytes: Bytes) -> Content {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// Content that somebody else makes, chunk by chunk, and no more than one ahead.
#[must_use]
pub fn fed(size: Option<u64>) -> (Feeder, Content) {
    let (sender, receiver) = channel(1);
    let fed = Fed {
        receiver,
        left: size,
        sent: 0,
        held: None,
        is_over: false,
    };
    (Feeder(sender), fed.boxed_unsync())
}

/// What makes content. Dropping it without its [end](Self::finish) breaks the content off.
#[derive(Clone, Debug)]
pub struct Feeder(Sender<Option<Result<Bytes, Error>>>);

impl Feeder {
    /// The next chunk, once there is room for it. Returns whether anybody wants more.
    pub async fn send(&self, chunk: Bytes) -> bool {
        self.0.send(Some(Ok(chunk))).await.is_ok()
    }

    /// Breaks it off.
    pub async fn fail(&self, error: Error) {
        let _ = self.0.send(Some(Err(error))).await;
    }

    /// This was all.
    pub async fn finish(&self) {
        let _ = self.0.send(None).await;
    }
}

struct Fed {
    receiver: Receiver<Option<Result<Bytes, Error>>>,
    left: Option<u64>,
    /// How many bytes have come.
    sent: u64,
    /// The last bytes of a known size: they are handed out once it is certain that these are all. Who has them all needs no end.
    held: Option<Bytes>,
    is_over: bool,
}

impl Fed {
    /// Takes note of a chunk. The chunk, unless it is the last one.
    fn take(&mut self, chunk: Bytes) -> Result<Option<Bytes>, Error> {
        let size = chunk.len() as u64;
        self.sent = self.sent.saturating_add(size);
        check_size(self.sent)?;
        let Some(left) = self.left else {
            return Ok(Some(chunk));
        };
        let left = left.checked_sub(size);
        let left = left.ok_or_else(|| broken("the content is longer than its size says"))?;
        self.left = Some(left);
        if left == 0 && size > 0 {
            self.held = Some(chunk);
            return Ok(None);
        }
        Ok(Some(chunk))
    }
}

fn broken(why: &'static str) -> Error {
    Error::new(ErrorKind::Broken, why)
}

impl Body for Fed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        while !self.is_over {
            let came = match ready!(self.receiver.poll_recv(cx)) {
                Some(Some(Ok(chunk))) => match self.take(chunk) {
                    Ok(Some(chunk)) => return Poll::Ready(Some(Ok(Frame::data(chunk)))),
                    Ok(None) => continue,
                    Err(error) => Some(Err(error)),
                },
                Some(Some(Err(error))) => Some(Err(error)),
                Some(None) if matches!(self.left, Some(1..)) => {
                    Some(Err(broken("the content is shorter than its size says")))
                }
                Some(None) => self.held.take().map(|last| Ok(Frame::data(last))),
                None => Some(Err(broken("the content was broken off before its end"))),
            };
            self.is_over = true;
            return Poll::Ready(came);
        }
        Poll::Ready(None)
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().map_or(0, Bytes::len) as u64;
        self.left
            .map_or_else(SizeHint::new, |left| SizeHint::with_exact(left + held))
    }
}
