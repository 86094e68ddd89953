//! The body of a request, read as a handler asks for it. What it does not read is discarded.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_core::http::{Chunks, Error, ErrorKind};
use guru_core::{Body, Headers, Method, adapter};
use wasip3::http::types::{ErrorCode, Fields, Request};
use wasip3::wit_bindgen::{FutureReader, StreamReader, StreamResult};
use wasip3::{spawn, wit_future};

/// The most that is read at once.
const ROOM: usize = 64 * 1024;

/// What is read at first of a body of unknown size. Most requests have none, and outgrowing the memory that an
/// instance starts with costs the host two system calls, each of which stops all its threads.
const FIRST_ROOM: usize = 1024;

/// The body of a request of this method, with these headers.
pub(crate) fn body(request: Request, method: &Method, headers: &Headers) -> Body {
    let size = headers.get_str("content-length");
    let size: Option<u64> = size.and_then(|size| size.parse().ok());
    if size == Some(0) {
        return Body::empty();
    }
    // A body of unknown size is not usual in these (RFC 9110, section 9.3.1), and nobody knows before reading whether
    // there is one.
    let is_likely = size.is_some() || !matches!(*method, Method::GET | Method::HEAD);
    // The client waits for permission to send the body: who does not read, denies it.
    let is_asking = headers.get("expect").is_some();
    let arriving = Arriving(State::Unread {
        request,
        size,
        is_coming: is_likely && !is_asking,
    });
    match size {
        Some(size) => Body::sized_stream(size, arriving),
        None => Body::stream(arriving),
    }
}

/// A body that is read as it arrives.
struct Arriving(State);

enum State {
    Unread {
        request: Request,
        size: Option<u64>,
        /// Whether it must be discarded if it is not read.
        is_coming: bool,
    },
    Idle(Reader),
    Reading(Reading),
    Over,
}

type Chunk = Option<Result<Bytes, Error>>;
type Reading = Pin<Box<dyn Future<Output = (Option<Reader>, Chunk)>>>;

struct Reader {
    stream: StreamReader<u8>,
    trailers: FutureReader<Result<Option<Fields>, ErrorCode>>,
    /// How many bytes are to come, where that is known.
    left: Option<u64>,
    room: usize,
}

impl Reader {
    fn new(request: Request, left: Option<u64>) -> Self {
        // The host learns the outcome of the request from its response; this future is for proxies.
        let (_outcome, outcome) = wit_future::new(|| Ok(()));
        let (stream, trailers) = Request::consume_body(request, outcome);
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
    async fn drain(mut self) {
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

impl Chunks for Arriving {
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Chunk> {
        let mut reading = match std::mem::replace(&mut self.0, State::Over) {
            State::Unread { request, size, .. } => Box::pin(Reader::new(request, size).read()),
            State::Idle(reader) => Box::pin(reader.read()),
            State::Reading(reading) => reading,
            State::Over => return Poll::Ready(None),
        };
        let Poll::Ready((reader, chunk)) = reading.as_mut().poll(cx) else {
            self.0 = State::Reading(reading);
            return Poll::Pending;
        };
        if let Some(reader) = reader {
            self.0 = State::Idle(reader);
        }
        Poll::Ready(chunk)
    }
}

impl Drop for Arriving {
    /// A client that does not read while it sends would never get its response: a host that closes early resets the
    /// connection (RFC 9112, section 9.6).
    fn drop(&mut self) {
        match std::mem::replace(&mut self.0, State::Over) {
            State::Unread {
                request,
                size,
                is_coming: true,
            } => spawn(Reader::new(request, size).drain()),
            State::Idle(reader) => spawn(reader.drain()),
            State::Reading(reading) => spawn(async move {
                if let (Some(reader), _) = reading.await {
                    reader.drain().await;
                }
            }),
            State::Unread { .. } | State::Over => {}
        }
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
