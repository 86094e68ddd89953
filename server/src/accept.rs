//! Accepts connections, up to a limit.

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

/// The minimum interval between notes about connections that cannot be accepted.
const QUIET: Duration = Duration::from_secs(5);

/// How long a client that is turned away has to read its response.
const FAREWELL: Duration = Duration::from_secs(2);

/// Accepts the next connection. Errors (no file descriptor is left, the client has already gone) are reported to
/// `note` now and then, and do not stop the server.
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

/// A limit on open connections, shared by all threads of a server.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<AtomicUsize>,
    most: usize,
}

/// An admitted connection. Its slot is released when this is dropped.
#[derive(Debug)]
pub struct Pass(Option<Arc<AtomicUsize>>);

impl Gate {
    /// Creates a gate that admits `most` connections, and keeps some of the `files` that the process may open in
    /// reserve.
    #[must_use]
    pub fn new(most: usize, files: Option<usize>) -> Self {
        let room = files.map_or(usize::MAX, |files| files.saturating_sub(64).max(files / 2));
        Self {
            open: Arc::default(),
            most: most.min(room).max(1),
        }
    }

    /// Admits a connection, if there is room.
    ///
    /// # Errors
    ///
    /// The reason to [turn it away](Refusal::turn_away).
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
    /// Releases the slots of connections whose passes are lost.
    pub fn give_back(&self, count: usize) {
        self.open.fetch_sub(count, Ordering::Relaxed);
    }
}

/// Why a connection is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The limit on open connections has been reached.
    Full,
    /// The system clock is before 1970 or after 9999. hyper formats a date for every HTTP/1.1 connection, requested
    /// or not, and panics when there is none.
    Clock,
}

impl Refusal {
    /// The message for the server's log; `None` if clients alone can cause it.
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

    /// Tells the client why. Await this in a task of its own.
    pub async fn turn_away(self, mut stream: TcpStream) {
        let error = match self {
            Self::Full => "there are too many connections",
            Self::Clock => "the server's clock is wrong",
        };
        let words = answer(StatusCode::SERVICE_UNAVAILABLE, error, "retry-after: 1\r\n");
        let farewell = async {
            stream.write_all(&words).await?;
            stream.shutdown().await?;
            // Closing with unread data would reset the connection, and the client could not read its response (RFC
            // 9112, section 9.6).
            let mut scratch = [0; 1024];
            while stream.read(&mut scratch).await? > 0 {}
            io::Result::Ok(())
        };
        // The client may be gone or slow: there is nobody left to report to.
        let _ = timeout(FAREWELL, farewell).await;
    }
}

impl Pass {
    /// Drops the pass without releasing its slot, because that has [already been done](Gate::give_back).
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

/// Advice for an address that cannot be listened on, to be appended to the error; empty if there is none.
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
