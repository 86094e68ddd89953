//! System calls that let one thread act on another's sockets, and on the other thread itself. A thread that never
//! returns from a handler keeps both, and the language offers no access to them.

#[cfg(target_os = "linux")]
pub(crate) use linux::{Handle, Socket, Thread, is_debugged};
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{Handle, Socket, Thread, is_debugged};

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

    use rustix::net::{Shutdown, shutdown};
    use rustix::process::{
        PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open, setpriority_process,
    };
    use rustix::thread::gettid;
    use tokio::net::TcpStream;

    /// A socket of a thread of this process, by its file descriptor.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct Socket(RawFd);

    impl Socket {
        pub(crate) fn of(stream: &TcpStream) -> Option<Self> {
            Some(Self(stream.as_raw_fd()))
        }

        /// Duplicates the file descriptor (`pidfd_getfd`, Linux 5.6; a container may forbid it). Call it while the
        /// socket's thread cannot close it: only then does the number still refer to this socket.
        pub(crate) fn handle(self) -> Option<Handle> {
            let process = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
            let socket = pidfd_getfd(process, self.0, PidfdGetfdFlags::empty());
            socket.ok().map(Handle)
        }
    }

    /// A socket that is open in another thread, too.
    #[derive(Debug)]
    pub(crate) struct Handle(OwnedFd);

    impl Handle {
        /// Writes a final response and shuts down both directions. A client that does not read is merely cut off.
        pub(crate) fn end(self, words: &[u8]) {
            if !words.is_empty() {
                let _ = rustix::io::write(&self.0, words);
            }
            let _ = shutdown(&self.0, Shutdown::Both);
        }
    }

    /// A thread, as the system's scheduler identifies it.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Thread(rustix::thread::Pid);

    impl Thread {
        pub(crate) fn current() -> Option<Self> {
            Some(Self(gettid()))
        }

        /// Lowers its priority to the minimum: on Linux, priorities are per thread (`setpriority(2)`, "C
        /// library/kernel differences").
        pub(crate) fn yield_to_others(self) {
            let _ = setpriority_process(Some(self.0), 19);
        }
    }

    /// Whether a debugger, which may have stopped all threads for any time, is attached
    /// (<https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>).
    pub(crate) fn is_debugged() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let tracer = status
            .lines()
            .find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() != "0")
    }
}

/// Not possible on other platforms: a client of a thread that never returns waits until it gives up by itself.
#[cfg(not(target_os = "linux"))]
mod other {
    use tokio::net::TcpStream;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) enum Socket {}

    impl Socket {
        pub(crate) fn of(_stream: &TcpStream) -> Option<Self> {
            None
        }

        pub(crate) fn handle(self) -> Option<Handle> {
            match self {}
        }
    }

    #[derive(Debug)]
    pub(crate) enum Handle {}

    impl Handle {
        pub(crate) fn end(self, _words: &[u8]) {
            match self {}
        }
    }

    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Thread {}

    impl Thread {
        pub(crate) fn current() -> Option<Self> {
            None
        }

        pub(crate) fn yield_to_others(self) {
            match self {}
        }
    }

    pub(crate) fn is_debugged() -> bool {
        false
    }
}
