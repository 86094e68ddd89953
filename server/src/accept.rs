//! Taking connections, as many as there may be.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use guru_core::adapter::port_taken;
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::date::has_date;
use crate::guard::answer;

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
pub struct Pass(Option<Arc<AtomicUsize>>);

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
    ///
    /// # Errors
    ///
    /// Why it is to be [turned away](Refusal::turn_away).
    pub fn enter(&self) -> Result<Pass, Refusal> {
        if !has_date(SystemTime::now()) {
            return Err(Refusal::Clock);
        }
        let more = |open| (open < self.most).then_some(open + 1);
        let entered = self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        match entered {
            Ok(_) => Ok(Pass(Some(Arc::clone(&self.open)))),
            Err(_) => Err(Refusal::Full),
        }
    }
}

impl Gate {
    /// Gives the places of connections back whose passes are lost.
    pub fn give_back(&self, count: usize) {
        self.open.fetch_sub(count, Ordering::Relaxed);
    }
}

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There are as many as there may be.
    Full,
    /// The system's clock says a time before 1970 or after 9999. hyper writes a date for each connection of HTTP/1.1,
    /// asked for or not, and panics where there is none.
    Clock,
}

impl Refusal {
    /// What the server's log should have; nothing where clients alone bring it about.
    #[must_use]
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Self::Full => None,
            Self::Clock => Some(
                "a connection was turned away: the system's clock is before 1970 or after 9999, for which HTTP has no \
                 date; set it (`timedatectl set-ntp true`, or `date -s`)",
            ),
        }
    }

    /// Tells the client why: to be awaited in a task of its own.
    pub async fn turn_away(self, mut stream: TcpStream) {
        let error = match self {
            Self::Full => "there are too many connections",
            Self::Clock => "the server's clock is wrong",
        };
        let words = answer(StatusCode::SERVICE_UNAVAILABLE, error, "retry-after: 1\r\n");
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

impl Pass {
    /// Drops it without giving its place back, since somebody [has done so](Gate::give_back).
    pub fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(open) = &self.0 {
            open.fetch_sub(1, Ordering::Relaxed);
        }
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
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(gate.enter().err(), Some(Refusal::Full));
        drop(first);
        assert!(gate.enter().is_ok());
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
