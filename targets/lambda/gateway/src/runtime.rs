//! Runs a function under a runtime API of our own, which passes an answer on as it comes.
//!
//! AWS's emulator collects an answer before it hands it over, so that neither its first bytes nor its end can be seen. This is
//! no emulator: it speaks as much of the API as a function needs that streams
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>).

mod api;
mod process;

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::emulator::Function;
use process::Process;

/// The head of an answer, as the function writes it, and its content.
pub(crate) struct Streamed {
    pub(crate) head: Bytes,
    pub(crate) content: mpsc::Receiver<Chunk>,
}

/// A chunk of an answer; `None` at its end. An answer that ends without one has broken off.
pub(crate) type Chunk = Result<Option<Bytes>, Broken>;

/// An answer that has broken off behind its head.
#[derive(Debug)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the function's answer broke off")
    }
}

impl std::error::Error for Broken {}

/// An invocation that waits for the function to ask for it.
struct Call {
    event: Bytes,
    answer: oneshot::Sender<Result<Streamed, String>>,
    /// Held until the invocation is over.
    lease: Lease,
}

/// Processes of the function, one for each concurrent request, started on demand.
pub(crate) struct Runtimes(Arc<Pool>);

struct Pool {
    function: Function,
    room: Arc<Semaphore>,
    idle: Mutex<Vec<Process>>,
}

/// A process at work. It is idle again once this is dropped.
struct Lease {
    process: Option<Process>,
    pool: Arc<Pool>,
    _room: OwnedSemaphorePermit,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(process) = self.process.take().filter(Process::is_alive) {
            self.pool.idle().push(process);
        }
    }
}

impl Pool {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runtimes {
    /// Starts the first process, so that a program that cannot be run is reported at once.
    pub(crate) async fn start(function: Function, count: usize) -> Result<Self> {
        if !function.bootstrap.is_file() {
            bail!("there is no file {}", function.bootstrap.display());
        }
        let first = Process::start(&function).await?;
        Ok(Self(Arc::new(Pool {
            function,
            room: Arc::new(Semaphore::new(count)),
            idle: Mutex::new(vec![first]),
        })))
    }

    /// Invokes the function. Returns once there is the head of its answer.
    pub(crate) async fn invoke(&self, event: Vec<u8>) -> Result<Streamed> {
        let room = Arc::clone(&self.0.room).acquire_owned().await?;
        let idle = self.0.idle().pop().filter(Process::is_alive);
        let process = match idle {
            Some(process) => process,
            None => Process::start(&self.0.function).await?,
        };
        let calls = process.calls();
        let (answer, answered) = oneshot::channel();
        let call = Call {
            event: event.into(),
            answer,
            lease: Lease {
                process: Some(process),
                pool: Arc::clone(&self.0),
                _room: room,
            },
        };
        if calls.send(call).await.is_err() {
            bail!("the function has ended");
        }
        match answered.await {
            Ok(Ok(streamed)) => Ok(streamed),
            Ok(Err(reason)) => bail!(reason),
            Err(_) => bail!("the function ended without an answer"),
        }
    }
}
