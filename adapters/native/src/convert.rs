//! Conversions between hyper's messages and the core's types.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use guru_core::http::convert;
use guru_core::{Body, Error, ErrorKind, Request, adapter};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::room::{Room, Taken};

/// The most capacity that is reserved at once for a body: a client may announce more than it sends.
const AHEAD: usize = 1024 * 1024;

/// Converts the head of a request.
pub(crate) fn request(parts: &mut http::request::Parts) -> Result<Request, Error> {
    adapter::admit(parts)?;
    convert::request(parts).map_err(adapter::malformed)
}

/// Reads a body of up to `limit` bytes, and takes the room for it; `pause` is the timeout for each piece.
pub(crate) async fn body(
    mut incoming: Incoming,
    limit: usize,
    pause: Duration,
    expects_continue: bool,
    room: &Room,
    mut held: Taken,
) -> Result<(Body, Taken), Error> {
    if incoming.is_end_stream() {
        return Ok((Body::empty(), held));
    }
    let announced = incoming.size_hint().lower();
    let is_over = usize::try_from(announced).is_ok_and(|bytes| bytes > limit);
    if is_over && expects_continue {
        return Ok((Body::over_limit(), held));
    }
    let mut pieces = Pieces::default();
    let mut size = 0;
    while let Some(frame) = timeout(pause, incoming.frame())
        .await
        .map_err(|_| too_slow(pause))?
    {
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        size += data.len();
        if size > limit.saturating_add(adapter::DRAIN) {
            break;
        }
        if !is_over && size <= limit {
            room.hold(&mut held, data.len()).await?;
            pieces.push(data, announced);
        }
    }
    if size > limit {
        return Ok((Body::over_limit(), held));
    }
    Ok((pieces.whole().into(), held))
}

/// Reads and discards the body of a refused request.
pub(crate) fn leave(incoming: Incoming, pause: Duration, expects_continue: bool) {
    if expects_continue || incoming.is_end_stream() {
        return;
    }
    tokio::task::spawn_local(guru_server::drain(incoming, pause));
}

fn too_slow(pause: Duration) -> Error {
    let message = format!("the body paused for more than {} seconds", pause.as_secs());
    Error::new(ErrorKind::RequestTimeout, message)
}

fn broken(error: hyper::Error) -> Error {
    Error::new(
        ErrorKind::BadRequest,
        format!("the body cannot be read: {error}"),
    )
}

/// A body as it arrives: a single piece is passed on as it is, several are concatenated.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    all: BytesMut,
}

impl Pieces {
    fn push(&mut self, piece: Bytes, announced: u64) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            let announced = usize::try_from(announced).unwrap_or(AHEAD);
            self.all.reserve(announced.min(AHEAD));
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&piece);
    }

    fn whole(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}
