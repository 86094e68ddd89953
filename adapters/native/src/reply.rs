//! The body of an answer as hyper sends it: whole, or chunk by chunk as a handler makes it.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guru_core::Body;
use guru_core::http::Error;
use http_body::{Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::after::go_on;
use crate::answer::{Shared, Work};
use crate::crash::catch;
use crate::pulse::Caller;
use crate::sockets::is_debugged;

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
    cx: guru_core::Context,
    work: Work,
    /// How many bytes are to come, where that is known: hyper does not ask for what is behind them.
    left: Option<u64>,
    /// When the chunk that is being made is late.
    late: Option<Pin<Box<Sleep>>>,
    /// Whether a chunk was handed out that is to be written before the next is made.
    is_unwritten: bool,
    is_over: bool,
}

impl Reply {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    pub(crate) fn stream(
        body: Body,
        shared: Rc<Shared>,
        cx: guru_core::Context,
        mut work: Work,
    ) -> Self {
        // The head has been sent: no other response can be written to the socket.
        work.caller = Arc::new(Caller {
            is_http1: false,
            ..Caller::clone(&work.caller)
        });
        Self::Stream(Box::new(Stream {
            left: body.size(),
            body,
            shared,
            cx,
            work,
            late: None,
            is_unwritten: false,
            is_over: false,
        }))
    }
}

impl Stream {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if std::mem::take(&mut self.is_unwritten) {
            // hyper asks for more before it writes what it has: chunks that each take a second to make would leave together.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let body = &mut self.body;
        let pulse = &self.shared.pulse;
        let polled = catch(pulse, &self.work.caller, || body.poll_chunk(cx));
        self.work.upload.discard();
        match polled {
            Ok(Poll::Ready(chunk)) => {
                self.late = None;
                self.is_over = !matches!(chunk, Some(Ok(_)));
                self.is_unwritten = !self.is_over;
                if let Some(Ok(chunk)) = &chunk {
                    let size = chunk.len() as u64;
                    self.left = self.left.map(|left| left.saturating_sub(size));
                } else {
                    go_on(&self.shared, &self.cx, &mut self.work);
                }
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
        if is_debugged() {
            self.late = None;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.is_over = true;
        let message = too_late(time);
        self.cx.log().error(&*message, &[]);
        self.cancel();
        Poll::Ready(Some(Err(Error::broken(message))))
    }

    /// The next request has a new instance.
    fn renew(&self) {
        if let Err(report) = self
            .shared
            .instance
            .renew(&self.shared.pulse, &self.work.caller)
        {
            self.cx.log().error(report, &[]);
        }
    }

    /// Drops what makes the stream: that is the handler's code too.
    fn cancel(&mut self) {
        let body = std::mem::take(&mut self.body);
        if let Err(report) = catch(&self.shared.pulse, &self.work.caller, || drop(body)) {
            self.cx.log().error(&*report, &[]);
            self.renew();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.cancel();
        // hyper drops a stream of a known size with its last byte. Outside of a runtime, the thread ends.
        if self.left == Some(0) && Handle::try_current().is_ok() {
            go_on(&self.shared, &self.cx, &mut self.work);
        }
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
