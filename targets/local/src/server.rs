//! Listens, spreads connections over threads, and stops without dropping a request. It must not know
//! what a request is.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use guru_core::{App, Level};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::watch;

use crate::activity::{Activity, Running};
use crate::answer::{Shared, answer};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, system};
use crate::log::{Log, note};
use crate::options::{Limits, Options, addresses};
use crate::ports::ports;
use crate::signals::{runtime, stop_signals};

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
        checked.map_err(|error| Error::new(ErrorKind::App, error.to_string()))?;
        let (host, port) = (&options.host, options.port);
        let refused = |error: io::Error| {
            let hint = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    "; choose another port with --port, or 0 for a free one"
                }
                io::ErrorKind::PermissionDenied => "; ports below 1024 need privileges: try --port",
                io::ErrorKind::AddrNotAvailable => "; --host takes an address of this machine",
                _ => "",
            };
            Error::new(
                ErrorKind::Listen,
                format!("cannot listen on {host}:{port}: {error}{hint}"),
            )
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
    /// [`Limits::grace`].
    pub fn run(self) -> Result<(), Error> {
        let signals = runtime()?;
        // Before the line that says so: whoever reads it may send a signal at once.
        let stopped = signals.block_on(async { stop_signals() })?;
        let _ = writeln!(io::stdout(), "listening on http://{}", self.address);
        self.run_until(move || signals.block_on(stopped))
    }

    /// Serves until `stopped` returns; it is called on this thread.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_until(self, stopped: impl FnOnce()) -> Result<(), Error> {
        let (stop, stopping) = watch::channel(false);
        let mut workers = Vec::new();
        for index in 0..self.options.workers.get() {
            workers.push(self.spawn(index, stopping.clone())?);
        }
        stopped();
        // From here on a client is refused, and whoever comes next can have the address.
        drop(self.listener);
        note(
            self.log,
            Level::Info,
            "stopping: requests in flight are answered first",
        );
        stop.send_replace(true);
        let mut cut_off = 0;
        for worker in workers {
            cut_off += worker.join().unwrap_or(1);
        }
        if cut_off == 0 {
            return Ok(());
        }
        let seconds = self.options.limits.grace.as_secs();
        let message = format!(
            "{cut_off} connections were cut off: not done {seconds} s after the signal; --grace sets the time"
        );
        Err(Error::new(ErrorKind::Unfinished, message))
    }

    /// Starts a thread with an instance of the app of its own. It returns how many connections it
    /// had to cut off.
    fn spawn(
        &self,
        index: usize,
        stopping: watch::Receiver<bool>,
    ) -> Result<JoinHandle<usize>, Error> {
        let listener = self.listener.try_clone().map_err(system)?;
        let (app, limits, log) = (self.app, self.options.limits, self.log);
        let (report, made) = mpsc::sync_channel(1);
        let worker = move || {
            let runtime = match local_runtime() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = report.send(error);
                    return 0;
                }
            };
            drop(report);
            let app = match limits.body {
                Some(bytes) => app().body_limit(bytes),
                None => app(),
            };
            let service = match app.into_service() {
                Ok(service) => service,
                Err(error) => {
                    note(log, Level::Error, &error.to_string());
                    return 0;
                }
            };
            let shared = Rc::new(Shared {
                service,
                ports: Rc::new(ports(log)),
                limits,
            });
            runtime.block_on(serve(listener, shared, log, stopping))
        };
        let name = format!("worker-{index}");
        let worker = std::thread::Builder::new()
            .name(name)
            .spawn(worker)
            .map_err(system)?;
        match made.recv() {
            Ok(refused) => Err(refused),
            Err(mpsc::RecvError) => Ok(worker),
        }
    }
}

/// A runtime of one thread alone, which holds its tasks itself: a `LocalSet` is a second scheduler inside of one.
fn local_runtime() -> Result<LocalRuntime, Error> {
    Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .map_err(system)
}

/// Accepts connections until told to stop. Returns how many were cut off.
async fn serve(
    listener: TcpListener,
    shared: Rc<Shared>,
    log: Log,
    mut stopping: watch::Receiver<bool>,
) -> usize {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            note(
                log,
                Level::Error,
                &format!("a worker cannot listen: {error}"),
            );
            return 0;
        }
    };
    let builder = Rc::new(builder(&shared.limits));
    let graceful = GracefulShutdown::new();
    let open = Rc::new(());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let shared = Rc::clone(&shared);
                    let (open, watcher) = (Rc::clone(&open), graceful.watcher());
                    let connection = connect(Rc::clone(&builder), stream, peer.ip(), shared, watcher);
                    tokio::task::spawn_local(async move {
                        connection.await;
                        drop(open);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, or the client is gone already: others are served on.
                    note(log, Level::Warn, &format!("a connection was not accepted: {error}"));
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    drop(listener);
    match tokio::time::timeout(shared.limits.grace, graceful.shutdown()).await {
        Ok(()) => 0,
        Err(_) => Rc::strong_count(&open) - 1,
    }
}

fn builder(limits: &Limits) -> auto::Builder<LocalExecutor> {
    let mut builder = auto::Builder::new(LocalExecutor);
    let list = u32::try_from(limits.head).unwrap_or(u32::MAX);
    builder
        .http1()
        .max_headers(512)
        .max_buf_size(limits.head)
        // A client may close its side once it has asked, as `nc -N` does.
        .half_close(true)
        .header_read_timeout(None);
    builder.http2().max_header_list_size(list);
    builder
}

/// Serves one connection. How it ends is the client's affair: there is nobody left to tell.
async fn connect(
    builder: Rc<auto::Builder<LocalExecutor>>,
    stream: TcpStream,
    client_ip: IpAddr,
    shared: Rc<Shared>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Answers are small and written whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let activity = Rc::new(Activity::default());
    let io = TokioIo::new(Connection::new(stream, Rc::clone(&activity), shared.limits));
    let service = service_fn(move |request| {
        let running = activity.begin();
        let answer = answer(Rc::clone(&shared), client_ip.to_canonical(), request);
        async move {
            let (head, body) = answer.await.into_parts();
            let _running = running.answered();
            Ok::<_, Infallible>(http::Response::from_parts(head, Answer { body, _running }))
        }
    });
    let _ = watcher
        .watch(builder.serve_connection(io, service).into_owned())
        .await;
}

/// The body of an answer, which ends with its request.
struct Answer {
    body: Full<Bytes>,
    _running: Running,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
