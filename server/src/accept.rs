//! Taking connections, as many as there may be.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use guru_core::adapter::port_taken;
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::guard::last_words;

/// How often at most a server says that it cannot take a connection.
const QUIET: Duration = Duration::from_secs(5);

/// How long a client that is turned away has to take its answer.
const FAREWELL: Duration = Duration::from_secs(2);

/// The next connection. What keeps one from being taken (no file is left, the client is gone already) is told to `note`
/// now and then, and others are served on.
pub async fn accept(listener: &TcpListener, note: impl Fn(&str)) -> (TcpStream, SocketAddr) {
    let mut last: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                if last.is_none_or(|last| last.elapsed() > QUIET) {
                    note(&format!("a connection was not accepted: {error}"));
                    last = Some(Instant::now());
                }
                sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// How many connections there may be, for all threads of a server.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<AtomicUsize>,
    most: usize,
}

/// A connection that was let in, for as long as this is there.
#[derive(Debug)]
pub struct Pass(Arc<AtomicUsize>);

impl Gate {
    /// A gate that lets `most` connections in, and leaves some of the `files` that the process may have open.
    #[must_use]
    pub fn new(most: usize, files: Option<usize>) -> Self {
        let room = files.map_or(usize::MAX, |files| files.saturating_sub(64).max(files / 2));
        Self {
            open: Arc::default(),
            most: most.min(room).max(1),
        }
    }

    /// Lets a connection in, if there is room.
    #[must_use]
    pub fn enter(&self) -> Option<Pass> {
        let more = |open| (open < self.most).then_some(open + 1);
        let entered = self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        entered.ok().map(|_| Pass(Arc::clone(&self.open)))
    }

    /// Tells a client that there is no room for it: to be awaited in a task of its own.
    pub async fn turn_away(mut stream: TcpStream) {
        let words = last_words(StatusCode::SERVICE_UNAVAILABLE);
        let farewell = async {
            stream.write_all(&words).await?;
            stream.shutdown().await?;
            // Closing on what the client has sent already would reset the connection, and it would not read its answer
            // (RFC 9112, section 9.6).
            let mut scratch = [0; 1024];
            while stream.read(&mut scratch).await? > 0 {}
            io::Result::Ok(())
        };
        // It may be gone, or slow: there is nobody left to tell.
        let _ = timeout(FAREWELL, farewell).await;
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What to do about an address that cannot be listened on, to be appended to the error; nothing where that is not known.
#[must_use]
pub fn address_hint(error: &io::Error, port: u16) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => {
            let is_free = |near| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, near)).is_ok();
            format!("; {}", port_taken(port, is_free))
        }
        ErrorKind::PermissionDenied => "; ports below 1024 need privileges: try --port".into(),
        ErrorKind::AddrNotAvailable => "; --host takes an address of this machine".into(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_open_again_once_somebody_has_left() {
        let gate = Gate::new(2, None);
        let (first, second) = (gate.enter(), gate.clone().enter());
        assert!(first.is_some() && second.is_some() && gate.enter().is_none());
        drop(first);
        assert!(gate.enter().is_some());
    }

    #[test]
    fn files_are_left_for_others() {
        for (most, files, room) in [
            (10_000, None, 10_000),
            (10_000, Some(1024), 960),
            (100, Some(1024), 100),
            (100, Some(40), 20),
            (0, None, 1),
        ] {
            assert_eq!(Gate::new(most, files).most, room, "{most} {files:?}");
        }
    }
}
