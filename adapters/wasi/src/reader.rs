//! Bodies from the host, chunk by chunk.

use std::borrow::Cow;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_core::adapter;
use guru_core::http::{Chunks, Error, ErrorKind};
use wasip3::http::types::{ErrorCode, Fields};
use wasip3::wit_bindgen::{FutureReader, StreamReader, StreamResult};

/// The most that is read at once.
const ROOM: usize = 64 * 1024;

/// What is read at first of a body of unknown size. Most requests have none, and outgrowing the memory that an
/// instance starts with costs the host two system calls, each of which stops all its threads.
const FIRST_ROOM: usize = 1024;

type Trailers = FutureReader<Result<Option<Fields>, ErrorCode>>;

pub(crate) type Chunk = Option<Result<Bytes, Error>>;
/// A reader that reads, and comes back with what it has read unless that was the last.
pub(crate) type Reading = Pin<Box<dyn Future<Output = (Option<Reader>, Chunk)>>>;

/// Reads a body.
pub(crate) struct Reader {
    stream: StreamReader<u8>,
    trailers: Trailers,
    /// How many bytes are to come, where that is known.
    left: Option<u64>,
    room: usize,
}

impl Reader {
    pub(crate) fn new(stream: StreamReader<u8>, trailers: Trailers, left: Option<u64>) -> Self {
        Self {
            stream,
            trailers,
            left,
            room: FIRST_ROOM,
        }
    }

    /// The next chunk, and what reads on unless it is the last.
    async fn read(mut self) -> (Option<Self>, Chunk) {
        let room = match self.left {
            Some(left) => usize::try_from(left).unwrap_or(ROOM).min(ROOM),
            None => self.room,
        };
        self.room = ROOM;
        loop {
            let (result, bytes) = self.stream.read(Vec::with_capacity(room)).await;
            let left = self
                .left
                .map(|left| left.saturating_sub(bytes.len() as u64));
            self.left = left;
            // Waiting once more before the response is ready lets the host switch threads, so that its connection looks
            // for the response body just before it is there. Spin then sends the head alone, and the body 40 ms later,
            // after the client's delayed acknowledgement (RFC 1122, section 4.2.3.2 and 4.2.3.4). So nobody asks whether
            // a body broke off that is as long as announced.
            let is_whole = left == Some(0);
            let is_over = is_whole || !matches!(result, StreamResult::Complete(_));
            if !bytes.is_empty() {
                // What comes behind the last bytes of an unknown number is asked for the next time.
                return ((!is_whole).then_some(self), Some(Ok(bytes.into())));
            }
            if is_over {
                return (None, self.end().await);
            }
        }
    }

    /// Whether what looks like the end of the body is one.
    async fn end(self) -> Chunk {
        match self.trailers.await {
            Ok(_) => None,
            Err(ErrorCode::ConnectionReadTimeout) => Some(Err(Error::new(ErrorKind::BodyTimeout))),
            Err(error) => Some(Err(Error::broken(broken(error)))),
        }
    }

    /// Discards the rest, up to [`adapter::DRAIN`] bytes.
    pub(crate) async fn drain(mut self) {
        let (mut bytes, mut count) = (Vec::with_capacity(ROOM), 0);
        while count < adapter::DRAIN {
            bytes.clear();
            let (result, filled) = self.stream.read(bytes).await;
            bytes = filled;
            count += bytes.len();
            if !matches!(result, StreamResult::Complete(_)) {
                return;
            }
        }
    }
}

/// A reader as a source of chunks.
pub(crate) enum Source {
    Idle(Reader),
    Reading(Reading),
    Over,
}

impl Chunks for Source {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Chunk> {
        let mut reading = match mem::replace(&mut *self, Self::Over) {
            Self::Idle(reader) => Box::pin(reader.read()),
            Self::Reading(reading) => reading,
            Self::Over => return Poll::Ready(None),
        };
        let Poll::Ready((reader, chunk)) = reading.as_mut().poll(cx) else {
            *self = Self::Reading(reading);
            return Poll::Pending;
        };
        if let Some(reader) = reader {
            *self = Self::Idle(reader);
        }
        Poll::Ready(chunk)
    }
}

/// Why a body cannot be read. Formatting an `ErrorCode` itself would add 15 KB of code for all its variants.
fn broken(error: ErrorCode) -> Cow<'static, str> {
    match error {
        ErrorCode::ConnectionTerminated => "the body broke off before its end".into(),
        ErrorCode::HttpProtocolError => "the body is not as HTTP has it".into(),
        ErrorCode::HttpRequestBodySize(_) => "the body is too large for the host".into(),
        ErrorCode::InternalError(Some(reason)) => {
            format!("the body cannot be read: {reason}").into()
        }
        _ => "the body cannot be read".into(),
    }
}
