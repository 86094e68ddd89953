//! The body of an answer, which ends with its request.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::activity::Running;

/// The body of an answer: its request is over once this is dropped.
#[derive(Debug)]
pub struct Answered<B> {
    body: B,
    running: Running,
}

impl<B> Answered<B> {
    /// The body of the answer to this request.
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
        // The client waits for us then.
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
