//! A response body that ends its request.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::activity::Running;

/// A response body. Its request ends when this is dropped.
#[derive(Debug)]
pub struct Answered<B> {
    body: B,
    running: Running,
}

impl<B> Answered<B> {
    /// Wraps the body of the response to this request.
    pub fn new(body: B, running: Running) -> Self {
        Self {
            body,
            running: running.answered(),
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answered<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        // While this is pending, the client is waiting for the server.
        self.running.making(polled.is_pending());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
