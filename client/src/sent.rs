//! Whether a server had all of a request when it answered.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_LENGTH;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};

use crate::Body;

/// Held by whatever of a request has not been written: by its content until that ends, and by each chunk that hyper has.
type Unwritten = Arc<()>;

/// A request that is on its way.
pub(crate) struct Sent(Option<Watch>);

struct Watch {
    unwritten: Unwritten,
    connection: CaptureConnection,
}

impl Sent {
    /// Watches the content of a request, if it has any. What frames it is in the headers already.
    pub(crate) fn watch(request: &mut Request<Body>) -> Self {
        if request.body().is_end_stream() {
            return Self(None);
        }
        let unwritten = Unwritten::default();
        let connection = capture_connection(request);
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let content = Content {
            body: mem::take(request.body_mut()),
            left: length,
            unwritten: Some(Arc::clone(&unwritten)),
        };
        *request.body_mut() = content.boxed_unsync();
        Self(Some(Watch {
            unwritten,
            connection,
        }))
    }

    /// The answer is there. A server that answers without the end of the content may close the connection without having said
    /// so, once it has had enough of the rest (RFC 9112, section 9.6), and a further request would be lost on it.
    pub(crate) fn answered(self) {
        if let Some(watch) = self.0
            && Arc::strong_count(&watch.unwritten) > 1
            && let Some(connected) = &*watch.connection.connection_metadata()
        {
            connected.poison();
        }
    }
}

struct Content {
    body: Body,
    /// How many bytes are to come, where that is known: nobody asks for what is behind them.
    left: Option<u64>,
    /// `None` behind the end.
    unwritten: Option<Unwritten>,
}

impl http_body::Body for Content {
    type Data = Bytes;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let Some(Ok(frame)) = frame else {
            self.unwritten = None;
            return Poll::Ready(frame);
        };
        let frame = match frame.into_data() {
            Ok(data) => {
                self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                let chunk = Chunk(data, self.unwritten.clone());
                Frame::data(Bytes::from_owner(chunk))
            }
            // Trailers are the end.
            Err(trailers) => {
                self.left = Some(0);
                trailers
            }
        };
        if self.left == Some(0) {
            self.unwritten = None;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A chunk, which hyper drops once it is written.
struct Chunk(
    Bytes,
    #[expect(dead_code, reason = "it is held, and not read")] Option<Unwritten>,
);

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
