//! Listens, spreads connections over threads, and stops without dropping a request. It must not know
//! what a request is.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use guru_core::{App, Level};
use guru_server::{
    Activity, Answered, Gate, Guard, Pass, accept, address_hint, builder, exit_at_the_next,
    stop_signal,
};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::answer::{Shared, answer};
use crate::error::{Error, ErrorKind, system};
use crate::log::{Log, note};
use crate::options::{Options, addresses};
use crate::pulse::Pulse;
use crate::room::Room;
use crate::sockets::Socket;
use crate::watchdog;
use crate::worker::{Plan, Workers, runtime};

/// A server that listens; connections wait until it [runs](Self::run).
#[derive(Debug)]
pub struct Server {
    app: fn() -> App,
    options: Options,
    log: Log,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens. Every worker calls `app` once, on its own thread.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::App`] when a route is malformed, [`ErrorKind::Listen`] when the address is taken,
    /// unknown or not allowed.
    pub fn bind(app: fn() -> App, options: Options) -> Result<Self, Error> {
        let checked = app().into_service();
        let checked = checked.map_err(|error| Error::new(ErrorKind::App, error.to_string()))?;
        let limit = options.limits.body.unwrap_or(checked.body_limit());
        if options.limits.in_flight < limit {
            let room = options.limits.in_flight;
            return Err(Error::new(
                ErrorKind::App,
                format!(
                    "--in-flight {room} has no room for one body of {limit} bytes: raise it, or lower --body-limit"
                ),
            ));
        }
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

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Prints `listening on http://ADDRESS` and serves until SIGINT or SIGTERM. Requests in flight
    /// are answered first; a second signal ends the process at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`], or [`ErrorKind::Unfinished`] when requests took longer than
    /// [`Limits::grace`](crate::Limits::grace).
    pub fn run(self) -> Result<(), Error> {
        let signals = runtime()?;
        // Before the line that says so: whoever reads it may send a signal at once.
        let stopped = signals.block_on(async { stop_signal() }).map_err(system)?;
        let _ = writeln!(io::stdout(), "listening on http://{}", self.address);
        self.run_until(move || {
            signals.block_on(stopped);
            exit_at_the_next();
        })
    }

    /// Serves until `stopped` returns; it is called on this thread.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_until(self, stopped: impl FnOnce()) -> Result<(), Error> {
        let (limits, log) = (self.options.limits, self.log);
        let plan = Plan {
            app: self.app,
            limits,
            log,
            gate: Gate::new(limits.connections, guru_server::raise_file_limit()),
            room: Room::new(limits.requests, limits.in_flight),
        };
        let workers = Arc::new(Workers::new(plan, self.listener));
        for _ in 0..self.options.workers.get() {
            workers.spawn()?;
        }
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
            "{cut_off} connections were cut off: not done {seconds} s after the signal; --grace sets the time"
        );
        Err(Error::new(ErrorKind::Unfinished, message))
    }
}

/// Accepts connections until told to stop. Returns how many were cut off.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Rc<Shared>,
    plan: &Plan,
    mut stopping: watch::Receiver<bool>,
) -> usize {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            let message = format!("a worker cannot listen: {error}");
            note(plan.log, Level::Error, &message);
            return 0;
        }
    };
    let builder = Rc::new(builder(LocalExecutor, &plan.limits.of_connections()));
    let graceful = GracefulShutdown::new();
    let open = Rc::new(());
    loop {
        let accepted = accept(&listener, |message| note(plan.log, Level::Warn, message));
        let (stream, peer) = tokio::select! {
            accepted = accepted => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
            () = shared.pulse.given_up() => break,
        };
        let pass = match plan.gate.enter() {
            Ok(pass) => Admitted::new(pass, &shared.pulse),
            Err(refusal) => {
                if let Some(message) = refusal.note() {
                    note(plan.log, Level::Error, message);
                }
                tokio::task::spawn_local(refusal.turn_away(stream));
                continue;
            }
        };
        let shared = Rc::clone(&shared);
        let (open, watcher) = (Rc::clone(&open), graceful.watcher());
        let connection = connect(Rc::clone(&builder), stream, peer.ip(), shared, watcher);
        tokio::task::spawn_local(async move {
            connection.await;
            drop((open, pass));
        });
    }
    drop(listener);
    match tokio::time::timeout(shared.limits.grace, graceful.shutdown()).await {
        Ok(()) => 0,
        Err(_) => Rc::strong_count(&open) - 1,
    }
}

/// A connection that was let in. Of a thread that was given up its place was given back already.
struct Admitted {
    pass: Option<Pass>,
    pulse: Arc<Pulse>,
}

impl Admitted {
    fn new(pass: Pass, pulse: &Arc<Pulse>) -> Self {
        pulse.takes(|held| held.connections += 1);
        Self {
            pass: Some(pass),
            pulse: Arc::clone(pulse),
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take()
            && !self.pulse.returns(|held| held.connections -= 1)
        {
            pass.forget();
        }
    }
}

/// Serves one connection. How it ends is the client's affair: there is nobody left to tell.
async fn connect(
    builder: Rc<auto::Builder<LocalExecutor>>,
    stream: TcpStream,
    client_ip: IpAddr,
    shared: Rc<Shared>,
    watcher: Watcher,
) {
    // Answers are small and written whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let socket = Socket::of(&stream);
    if let Some(socket) = socket {
        shared.pulse.opened(socket);
    }
    let activity = Arc::new(Activity::default());
    let limits = shared.limits.of_connections();
    let io = TokioIo::new(Guard::new(stream, Arc::clone(&activity), limits));
    let ours = Rc::clone(&shared);
    let service = service_fn(move |request| {
        let running = activity.begin();
        let answer = answer(Rc::clone(&ours), client_ip.to_canonical(), socket, request);
        async move {
            let answer = answer.await;
            Ok::<_, Infallible>(answer.map(|body| Answered::new(body, running)))
        }
    });
    let connection = builder.serve_connection(io, service).into_owned();
    let mut connection = std::pin::pin!(watcher.watch(connection));
    let _ = connection.as_mut().await;
    // Before the stream is closed, which frees its number for another.
    if let Some(socket) = socket {
        shared.pulse.closed(socket);
    }
}

/// Runs hyper's tasks on the thread of their connection.
#[derive(Clone, Copy, Debug)]
struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
