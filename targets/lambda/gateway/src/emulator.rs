//! Runs a function under AWS's Runtime Interface Emulator, once for each concurrent request.
//!
//! <https://github.com/aws/aws-lambda-runtime-interface-emulator>. It handles one request at a time, and starts the
//! function at the first.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// The path that invokes any function, whatever its name.
const INVOKE: &str = "/2015-03-31/functions/function/invocations";

/// The timeout from the start of the process to the first connection.
const START: Duration = Duration::from_secs(20);

/// How many pairs of ports to try, in case another process takes them first.
const TRIES: usize = 5;

/// The ports to choose from.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Held from the choice of an emulator's ports until its process has begun. A process that begins meanwhile would hold
/// these ports as well, for a moment: the emulator could not listen on them, and who asks whether it does would reach nobody.
static ALONE: Mutex<()> = Mutex::new(());

/// What to run.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) emulator: PathBuf,
    pub(crate) function: Function,
}

/// The function's bootstrap, and what its environment has beside this process's own.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) bootstrap: PathBuf,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A pool of emulators, one for each concurrent request, started on demand.
pub(crate) struct Emulators {
    settings: Settings,
    room: Semaphore,
    idle: Mutex<Vec<Emulator>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

struct Emulator {
    address: SocketAddr,
    // Killed on drop; its function ends when nothing sends it work any more.
    child: Child,
}

impl Emulators {
    /// Starts the first emulator, so that a failure to start is reported at once.
    pub(crate) async fn start(settings: Settings, count: usize) -> Result<Self> {
        for file in [&settings.emulator, &settings.function.bootstrap] {
            if !file.is_file() {
                bail!("there is no file {}", file.display());
            }
        }
        let first = Emulator::start(&settings).await?;
        Ok(Self {
            settings,
            room: Semaphore::new(count),
            idle: Mutex::new(vec![first]),
            client: Client::builder(TokioExecutor::new()).build_http(),
        })
    }

    /// Invokes the function, and returns its output, whatever that is.
    pub(crate) async fn invoke(&self, event: Vec<u8>) -> Result<Bytes> {
        let _room = self.room.acquire().await?;
        let emulator = match self.idle() {
            Some(emulator) => emulator,
            None => Emulator::start(&self.settings).await?,
        };
        let request = http::Request::post(format!("http://{}{INVOKE}", emulator.address))
            .body(Full::new(Bytes::from(event)))?;
        let response = self
            .client
            .request(request)
            .await
            .context("the emulator did not answer")?;
        let answer = response.into_body().collect().await;
        let answer = answer
            .context("the emulator broke off its answer")?
            .to_bytes();
        // A failed emulator is not used again.
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(emulator);
        Ok(answer)
    }

    /// An emulator that is idle.
    fn idle(&self) -> Option<Emulator> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut emulator = idle.pop()?;
        matches!(emulator.child.try_wait(), Ok(None)).then_some(emulator)
    }
}

impl Emulator {
    async fn start(settings: &Settings) -> Result<Self> {
        let mut last = None;
        for _ in 0..TRIES {
            match Self::try_start(settings).await {
                Ok(emulator) => return Ok(emulator),
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) => Err(error),
            None => bail!("the emulator was never tried"),
        }
    }

    /// The emulator cannot be asked to pick a port, so free ones are found for it. If another process takes them
    /// first, the emulator ends, and that is detected.
    async fn try_start(settings: &Settings) -> Result<Self> {
        let (mut child, addresses) = Self::spawn(settings)?;
        let deadline = Instant::now() + START;
        // The second one is listened on a little later than the first, and only an emulator with both goes on.
        for address in addresses {
            while TcpStream::connect(address).await.is_err() {
                goes_on(&mut child)?;
                if Instant::now() > deadline {
                    bail!("the emulator did not listen within {} s", START.as_secs());
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        // Who listens may be another, for whom it has ended.
        goes_on(&mut child)?;
        let [address, _] = addresses;
        Ok(Self { address, child })
    }

    fn spawn(settings: &Settings) -> Result<(Child, [SocketAddr; 2])> {
        let _alone = alone();
        let addresses = free()?;
        let [address, runtime] = addresses;
        let child = Command::new(&settings.emulator)
            .arg("--runtime-interface-emulator-address")
            .arg(address.to_string())
            .arg("--runtime-api-address")
            .arg(runtime.to_string())
            .arg(&settings.function.bootstrap)
            .envs(settings.function.environment.iter().cloned())
            .stdin(Stdio::null())
            // The output of the emulator and the function; standard output is for `listening on`.
            .stdout(std::io::stderr())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", settings.emulator.display()))?;
        Ok((child, addresses))
    }
}

/// Has no other process begin meanwhile.
pub(crate) fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn goes_on(child: &mut Child) -> Result<()> {
    match child.try_wait()? {
        Some(status) => bail!("the emulator ended ({status})"),
        None => Ok(()),
    }
}

/// Finds two free ports while it holds both. They are below those that systems give out by themselves (32,768 on Linux, 49,152
/// elsewhere): one of these could be anybody's by the time that the emulator listens, and the function would then ask another
/// emulator for its work.
fn free() -> Result<[SocketAddr; 2]> {
    let held = [hold()?, hold()?];
    let [first, second] = &held;
    Ok([first.local_addr()?, second.local_addr()?])
}

/// A free port of those to choose from, held until this is dropped.
pub(crate) fn hold() -> Result<StdListener> {
    for _ in 0..100 {
        let chosen = Uuid::new_v4().as_u128() % u128::from(PORTS.end - PORTS.start);
        let port = PORTS.start + u16::try_from(chosen).unwrap_or_default();
        if let Ok(listener) = StdListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(listener);
        }
    }
    bail!("no port from {} to {} is free", PORTS.start, PORTS.end)
}
