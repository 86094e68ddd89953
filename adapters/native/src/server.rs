//! Listens, starts the workers, and shuts down without dropping a request.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};

use guru_core::{App, Level};
use guru_server::{Gate, address_hint, exit_at_the_next, stop_signal};

use crate::error::{Error, ErrorKind, system};
use crate::log::{Log, note};
use crate::options::{Limits, Options, addresses};
use crate::plan::Plan;
use crate::room::Room;
use crate::start::service;
use crate::watchdog;
use crate::worker::{Made, Workers, runtime};

/// A listening server. Connections wait in the backlog until it [runs](Self::run).
#[derive(Debug)]
pub struct Server {
    app: fn() -> App,
    options: Options,
    log: Log,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes an address. Every worker calls `app` once, on its own thread, before the first request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::App`] when a route is malformed, [`ErrorKind::Setting`] when a setting is, [`ErrorKind::Listen`] when the address is in
    /// use, unknown or not permitted.
    pub fn bind(app: fn() -> App, options: Options) -> Result<Self, Error> {
        #[cfg(any(
            feature = "blob",
            feature = "invoke",
            feature = "key-value",
            feature = "postgres",
            feature = "sql"
        ))]
        crate::stores::check()
            .map_err(|error| Error::new(ErrorKind::Setting, error.to_string()))?;
        let limit = options.limits.body;
        let limit = limit.unwrap_or(service(app)?.body_limit());
        options.limits.check_room(limit)?;
        let (host, port) = (&options.host, options.port);
        let refused = |error: io::Error| {
            let hint = address_hint(&error, port);
            let message = format!("cannot listen on {host}:{port}: {error}{hint}");
            Error::new(ErrorKind::Listen, message)
        };
        let addresses = addresses(host, port).map_err(refused)?;
        let listener = TcpListener::bind(&*addresses).map_err(refused)?;
        listener.set_nonblocking(true).map_err(system)?;
        let address = listener.local_addr().map_err(system)?;
        let log = Log::new(options.log);
        Ok(Self {
            app,
            options,
            log,
            listener,
            address,
        })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Prints `listening on http://ADDRESS` and serves until SIGINT or SIGTERM. Requests in flight are drained first;
    /// a second signal ends the process at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::App`] when the app did not [start](guru_core::app::IntoApp), [`ErrorKind::System`], or [`ErrorKind::Unfinished`] when requests took longer than
    /// [`Limits::grace`](crate::Limits::grace).
    pub fn run(self) -> Result<(), Error> {
        let address = self.address;
        let serving = self.start()?;
        let signals = runtime()?;
        // Before the line is printed: its reader may send a signal at once. A start is ended by one as any program is.
        let stopped = signals.block_on(async { stop_signal() }).map_err(system)?;
        let _ = writeln!(io::stdout(), "listening on http://{address}");
        serving.until(move || {
            signals.block_on(stopped);
            exit_at_the_next();
        })
    }

    /// Serves until `stopped` returns. It is called on this thread.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_until(self, stopped: impl FnOnce()) -> Result<(), Error> {
        self.start()?.until(stopped)
    }

    /// Starts the workers, all at once, and waits until each has made its app.
    fn start(self) -> Result<Serving, Error> {
        let (limits, log) = (self.options.limits, self.log);
        let plan = Plan {
            app: self.app,
            limits,
            log,
            gate: Gate::new(limits.connections, guru_server::raise_file_limit()),
            room: Room::new(limits.requests, limits.in_flight),
        };
        let workers = Arc::new(Workers::new(plan, self.listener));
        let all = (0..self.options.workers.get()).map(|_| workers.spawn());
        let all = all.collect::<Result<Vec<_>, _>>()?;
        all.into_iter().try_for_each(Made::wait)?;
        Ok(Serving {
            workers,
            limits,
            log,
        })
    }
}

/// A server whose workers serve.
struct Serving {
    workers: Arc<Workers>,
    limits: Limits,
    log: Log,
}

impl Serving {
    fn until(self, stopped: impl FnOnce()) -> Result<(), Error> {
        let Self {
            workers,
            limits,
            log,
        } = self;
        let (stop, stopping) = mpsc::channel();
        if let Some(limit) = limits.time {
            let workers = Arc::clone(&workers);
            let watchdog = std::thread::Builder::new().name("watchdog".into());
            watchdog
                .spawn(move || watchdog::watch(&workers, limit, log, &stopping))
                .map_err(system)?;
        }
        stopped();
        drop(stop);
        note(
            log,
            Level::Info,
            "stopping: requests in flight are answered first",
        );
        let cut_off = workers.stop();
        if cut_off == 0 {
            return Ok(());
        }
        let seconds = limits.grace.as_secs();
        let message = format!(
            "{cut_off} connections were cut off, or requests that went on after their answers: not done {seconds} s after the signal; --grace sets the time"
        );
        Err(Error::new(ErrorKind::Unfinished, message))
    }
}
