//! Plain TCP.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::endpoint::{Progress, Stream, Transport};

/// How long to sleep when a connection is neither readable nor writable, which only a large body causes.
const PAUSE: Duration = Duration::from_micros(200);

/// Connections to one address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tcp(pub(super) SocketAddr);

impl Transport for Tcp {
    fn open(&self, deadline: Instant) -> io::Result<Box<dyn Stream>> {
        let stream = open(self.0, deadline)?;
        Ok(Box::new(TcpBytes {
            stream,
            deaf: false,
        }))
    }
}

/// Opens a non-blocking connection, before `deadline`.
pub(super) fn open(address: SocketAddr, deadline: Instant) -> io::Result<TcpStream> {
    let left = deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    let stream = TcpStream::connect_timeout(&address, left)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

struct TcpBytes {
    stream: TcpStream,
    /// The peer accepts no more bytes; its response may still come.
    deaf: bool,
}

impl Stream for TcpBytes {
    fn advance(
        &mut self,
        unsent: &[u8],
        received: &mut Vec<u8>,
        deadline: Instant,
    ) -> io::Result<Progress> {
        loop {
            let sent = self.send(unsent);
            let (count, ended) = self.receive(received)?;
            if sent > 0 || count > 0 || ended {
                return Ok(Progress { sent, ended });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            if unsent.is_empty() || self.deaf {
                self.wait(left)?;
            } else {
                std::thread::sleep(PAUSE.min(left));
            }
        }
    }
}

impl TcpBytes {
    fn send(&mut self, unsent: &[u8]) -> usize {
        if unsent.is_empty() || self.deaf {
            return 0;
        }
        match self.stream.write(unsent) {
            Ok(count) => count,
            Err(error) if is_not_now(&error) => 0,
            Err(_) => {
                self.deaf = true;
                0
            }
        }
    }

    fn receive(&mut self, received: &mut Vec<u8>) -> io::Result<(usize, bool)> {
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => Ok((0, true)),
            Ok(count) => {
                received.extend_from_slice(buffer.get(..count).unwrap_or_default());
                Ok((count, false))
            }
            Err(error) if is_not_now(&error) => Ok((0, false)),
            Err(error) => Err(error),
        }
    }

    /// Waits until there is something to read, for at most `left`.
    fn wait(&self, left: Duration) -> io::Result<()> {
        self.stream.set_nonblocking(false)?;
        self.stream.set_read_timeout(Some(left))?;
        let waited = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(true)?;
        match waited {
            Ok(_) => Ok(()),
            Err(error) if is_not_now(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

pub(super) fn is_not_now(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
