//! The worker threads, each with its own instance of the app.

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use guru_core::Level;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::watch;

use crate::after::After;
use crate::answer::Shared;
use crate::connection::serve;
use crate::crash;
use crate::error::{Error, ErrorKind, system};
use crate::instance::Instance;
use crate::log::note;
use crate::plan::Plan;
use crate::ports::ports;
use crate::pulse::{Held, Pulse, Stuck};
use crate::start::{context, start};

/// The worker threads.
pub(crate) struct Workers {
    plan: Arc<Plan>,
    /// `None` after shutdown has begun.
    listener: Mutex<Option<TcpListener>>,
    stop: watch::Sender<bool>,
    all: Mutex<Vec<Worker>>,
}

struct Worker {
    pulse: Arc<Pulse>,
    /// How many connections the worker had to cut off, once it is done.
    done: mpsc::Receiver<usize>,
}

/// Whether a worker has made its app, once that is known.
pub(crate) struct Made(mpsc::Receiver<Result<(), Error>>);

impl Made {
    pub(crate) fn wait(self) -> Result<(), Error> {
        self.0.recv().unwrap_or_else(|mpsc::RecvError| {
            let message = "a worker crashed while it made the app: what a process can do once belongs in `main`";
            Err(Error::new(ErrorKind::App, message))
        })
    }
}

impl Workers {
    pub(crate) fn new(plan: Plan, listener: TcpListener) -> Self {
        Self {
            plan: Arc::new(plan),
            listener: Mutex::new(Some(listener)),
            stop: watch::Sender::new(false),
            all: Mutex::default(),
        }
    }

    /// Starts another worker, unless shutdown has begun. It serves once it has made its app, which is told then.
    pub(crate) fn spawn(&self) -> Result<Made, Error> {
        let (report, made) = mpsc::sync_channel(1);
        let listener = match &*lock(&self.listener) {
            Some(listener) => listener.try_clone().map_err(system)?,
            None => {
                let _ = report.send(Ok(()));
                return Ok(Made(made));
            }
        };
        let (done, receiver) = mpsc::sync_channel(1);
        let worker = Worker {
            pulse: Arc::default(),
            done: receiver,
        };
        let pulse = Arc::clone(&worker.pulse);
        let (plan, stopping) = (Arc::clone(&self.plan), self.stop.subscribe());
        let mut all = lock(&self.all);
        std::thread::Builder::new()
            .name(format!("worker-{}", all.len()))
            .spawn(move || {
                let made = local_runtime().and_then(|runtime| {
                    let shared = shared(&runtime, &plan, &pulse)?;
                    Ok((runtime, shared))
                });
                let (runtime, shared) = match made {
                    Ok(made) => made,
                    Err(error) => {
                        // Where nobody waits for it: it is in the place of one that was lost.
                        if let Err(mpsc::SendError(Err(error))) = report.send(Err(error)) {
                            note(plan.log, Level::Error, &error.to_string());
                        }
                        let _ = done.send(0);
                        return;
                    }
                };
                let _ = report.send(Ok(()));
                crash::begin(pulse);
                // If it took too long, nobody is waiting for it any more.
                let _ = done.send(runtime.block_on(serve(listener, shared, &plan, stopping)));
            })
            .map_err(system)?;
        all.push(worker);
        Ok(Made(made))
    }

    /// Gives up the workers whose handler has computed for longer than `limit`.
    pub(crate) fn give_up(&self, limit: Duration) -> Vec<Stuck> {
        let all = lock(&self.all);
        let stuck = all.iter().filter_map(|worker| worker.pulse.give_up(limit));
        stuck.collect()
    }

    /// Releases what a thread that was given up holds of what all threads share.
    pub(crate) fn give_back(&self, held: Held) {
        self.plan.room.give_back(held);
        self.plan.gate.give_back(held.connections);
    }

    /// Drains all workers. Returns how many connections were cut off.
    pub(crate) fn stop(&self) -> usize {
        // From here on, connections are refused, and another process can bind the address.
        drop(lock(&self.listener).take());
        self.stop.send_replace(true);
        // A moment more than the grace period of the workers themselves.
        let latest = Instant::now() + self.plan.limits.grace + Duration::from_secs(1);
        let cut_off = |worker: &Worker| {
            if worker.pulse.is_given_up() {
                // Its connections were closed when it was given up.
                return 0;
            }
            let left = latest.saturating_duration_since(Instant::now());
            worker.done.recv_timeout(left).unwrap_or(1)
        };
        lock(&self.all).iter().map(cut_off).sum()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A runtime of a single thread, which holds its tasks itself: a `LocalSet` would be a second scheduler inside it.
pub(crate) fn local_runtime() -> Result<LocalRuntime, Error> {
    Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .map_err(system)
}

/// What the requests of a worker share: its instance of the app, which is made before the first of them.
fn shared(runtime: &LocalRuntime, plan: &Plan, pulse: &Arc<Pulse>) -> Result<Rc<Shared>, Error> {
    let instance = Instance::new(plan.app, plan.limits.body);
    let instance = instance.map_err(|error| Error::new(ErrorKind::App, error.to_string()))?;
    let (service, cx) = (instance.service(), context(plan.log));
    let started = start(runtime, &service, &cx, plan.limits.time)?;
    plan.limits.check_room(started.body_limit())?;
    instance.make_room(started.body_limit());
    Ok(Rc::new(Shared {
        instance,
        ports: Rc::new(ports(plan.log)),
        limits: plan.limits,
        room: plan.room.clone(),
        pulse: Arc::clone(pulse),
        after: After::default(),
    }))
}

/// A runtime to wait for signals on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::new(ErrorKind::System, system(error).to_string()))
}
