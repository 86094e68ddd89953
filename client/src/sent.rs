//! Whether a server had all of a request when it answered.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Request;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};

use crate::Body;

/// A request that is on its way.
pub(crate) struct Sent(Option<Watch>);

struct Watch {
    is_over: Arc<AtomicBool>,
    connection: CaptureConnection,
}

impl Sent {
    /// Watches the content of a request, if it has any.
    pub(crate) fn watch(request: &mut Request<Body>) -> Self {
        if request.body().is_end_stream() {
            return Self(None);
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let connection = capture_connection(request);
        let body = mem::take(request.body_mut());
        let content = Content {
            left: body.size_hint().exact(),
            is_over: Arc::clone(&is_over),
            body,
        };
        *request.body_mut() = content.boxed_unsync();
        Self(Some(Watch {
            is_over,
            connection,
        }))
    }

    /// The answer is there. A server that answers without the end of the content may close the connection without having said
    /// so, once it has had enough of the rest (RFC 9112, section 9.6), and a further request would be lost on it.
    pub(crate) fn answered(self) {
        if let Some(Watch {
            is_over,
            connection,
        }) = self.0
            && !is_over.load(Ordering::Acquire)
            && let Some(connected) = &*connection.connection_metadata()
        {
            connected.poison();
        }
    }
}

struct Content {
    body: Body,
    /// How many bytes are to come, where that is known: nobody asks for what is behind them.
    left: Option<u64>,
    is_over: Arc<AtomicBool>,
}

impl http_body::Body for Content {
    type Data = Bytes;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let is_over = match &frame {
            None => true,
            Some(Ok(frame)) => {
                let read = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.left = self.left.map(|left| left.saturating_sub(read));
                self.left == Some(0)
            }
            Some(Err(_)) => false,
        };
        if is_over {
            self.is_over.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
