//! The content of a file, chunk by chunk. The file stays open, so that it is the same one to its end, though another takes its place.

use std::fs::File;
use std::io::Read as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_core::ports::{Error, ErrorKind};
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

/// The most bytes of a chunk.
const CHUNK: u64 = 256 * 1024;

type Read = std::io::Result<(File, Bytes)>;

/// So many bytes of a file, from where it stands.
pub(super) struct Reading {
    state: State,
    left: u64,
}

enum State {
    Idle(File),
    Busy(JoinHandle<Read>),
    Over,
}

impl Reading {
    pub(super) const fn new(file: File, count: u64) -> Self {
        Self {
            state: State::Idle(file),
            left: count,
        }
    }
}

fn read(mut file: File, count: u64) -> Read {
    let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
    file.read_exact(&mut bytes)?;
    Ok((file, bytes.into()))
}

impl Body for Reading {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let count = self.left.min(CHUNK);
        let mut task = match std::mem::replace(&mut self.state, State::Over) {
            State::Idle(file) if count > 0 => spawn_blocking(move || read(file, count)),
            State::Busy(task) => task,
            State::Idle(_) | State::Over => return Poll::Ready(None),
        };
        let Poll::Ready(done) = Pin::new(&mut task).poll(cx) else {
            self.state = State::Busy(task);
            return Poll::Pending;
        };
        let failed = |why: String| Error::new(ErrorKind::Broken, format!("a file: {why}"));
        Poll::Ready(Some(match done {
            Ok(Ok((file, chunk))) => {
                self.left -= count;
                self.state = State::Idle(file);
                Ok(Frame::data(chunk))
            }
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
