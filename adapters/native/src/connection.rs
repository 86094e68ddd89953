//! Accepts connections, and serves each until it ends.

use std::convert::Infallible;
use std::net::{IpAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;

use guru_core::Level;
use guru_server::{Activity, Answered, Guard, Pass, accept, builder};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::answer::{Shared, answer};
use crate::log::note;
use crate::plan::Plan;
use crate::pulse::Pulse;
use crate::sockets::Socket;

/// Accepts connections until shutdown. Returns how many were cut off.
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
    let drained = async {
        graceful.shutdown().await;
        shared.after.done().await;
    };
    match tokio::time::timeout(shared.limits.grace, drained).await {
        Ok(()) => 0,
        Err(_) => Rc::strong_count(&open) - 1 + shared.after.count(),
    }
}

/// An admitted connection. If its thread was given up, its slot has already been released.
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

/// Serves one connection. Its errors only concern the client: there is nobody left to report to.
async fn connect(
    builder: Rc<auto::Builder<LocalExecutor>>,
    stream: TcpStream,
    client_ip: IpAddr,
    shared: Rc<Shared>,
    watcher: Watcher,
) {
    // Responses are small and written whole: waiting to fill a packet only delays them.
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
    // Before the stream is closed, which frees its file descriptor for another.
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
