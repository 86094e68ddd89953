//! Content of any size on its way to a service, or from one, on whichever thread waits for it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use guru_core::ports::{Error, ErrorKind};
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
    is_over: bool,
}

impl Body for Fed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let came = ready!(self.receiver.poll_recv(cx));
        let broken = |why| Error::new(ErrorKind::Broken, why);
        let came =
            came.unwrap_or_else(|| Some(Err(broken("the content was broken off before its end"))));
        let frame = match (came, self.left) {
            (Some(Ok(chunk)), Some(left)) => match left.checked_sub(chunk.len() as u64) {
                Some(left) => {
                    self.left = Some(left);
                    Some(Ok(chunk))
                }
                None => Some(Err(broken("the content is longer than its size says"))),
            },
            (None, Some(1..)) => Some(Err(broken("the content is shorter than its size says"))),
            (other, _) => other,
        };
        self.is_over = !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame.map(|frame| frame.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
