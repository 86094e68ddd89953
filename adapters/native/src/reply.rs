//! The body of an answer as hyper sends it: whole, or chunk by chunk as a handler makes it.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_core::Body;
use guru_core::http::Error;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::answer::Shared;
use crate::crash::catch;
use crate::pulse::Caller;
use crate::room::Taken;

/// The body of an answer.
pub(crate) enum Reply {
    /// All of it.
    Whole(Option<Bytes>),
    /// What a handler makes while it is sent.
    Stream(Box<Stream>),
}

/// A handler's stream, and what it holds until it ends.
pub(crate) struct Stream {
    body: Body,
    shared: Rc<Shared>,
    caller: Caller,
    cx: guru_core::Context,
    /// When the chunk that is being made is late.
    late: Option<Pin<Box<Sleep>>>,
    is_over: bool,
    _place: Taken,
}

impl Reply {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    pub(crate) fn stream(
        body: Body,
        shared: Rc<Shared>,
        caller: Caller,
        cx: guru_core::Context,
        place: Taken,
    ) -> Self {
        Self::Stream(Box::new(Stream {
            body,
            shared,
            caller,
            cx,
            late: None,
            is_over: false,
            _place: place,
        }))
    }
}

impl Stream {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let body = &mut self.body;
        let pulse = &self.shared.pulse;
        match catch(pulse, &self.caller, || body.poll_chunk(cx)) {
            Ok(Poll::Ready(chunk)) => {
                self.late = None;
                self.is_over = !matches!(chunk, Some(Ok(_)));
                Poll::Ready(chunk)
            }
            Ok(Poll::Pending) => self.wait(cx),
            Err(report) => {
                self.is_over = true;
                self.cx.log().error(&*report, &[]);
                self.renew();
                Poll::Ready(Some(Err(Error::broken(report))))
            }
        }
    }

    /// The handler makes a chunk: for as long as it may take to answer, at most.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let Some(time) = self.shared.limits.time else {
            return Poll::Pending;
        };
        let late = self
            .late
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + time)));
        if late.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.is_over = true;
        let message = too_late(time);
        self.cx.log().error(&*message, &[]);
        self.body = Body::empty();
        Poll::Ready(Some(Err(Error::broken(message))))
    }

    /// The next request has a new instance.
    fn renew(&self) {
        let (shared, caller, cx) = (
            Rc::clone(&self.shared),
            self.caller.clone(),
            self.cx.clone(),
        );
        tokio::task::spawn_local(async move {
            if let Err(report) = shared.instance.renew(&shared.pulse, &caller).await {
                cx.log().error(report, &[]);
            }
        });
    }
}

fn too_late(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    format!("the stream was broken off: no chunk within {seconds} s; --time sets the limit")
}

impl http_body::Body for Reply {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(stream) => stream
                .poll_chunk(cx)
                .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Stream(stream) => stream.is_over || stream.body.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(stream) => match stream.body.size() {
                Some(size) => SizeHint::with_exact(size),
                None => SizeHint::default(),
            },
        }
    }
}
