//! An emulated AWS on the loopback interface: `ministack`, which applies AWS's own SAM transform and runs a function's real
//! bootstrap.

use std::{
    fs::{self, File},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use guru_toolbox::port;

use crate::{home::Home, leash::Leash, setup::AWS};

/// The timeout of its start.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many lines of its log are shown.
const TAIL: usize = 30;

/// A running account; it is stopped when dropped.
pub(crate) struct Ministack {
    _running: Leash,
    port: u16,
    log: PathBuf,
}

impl Ministack {
    /// Starts an empty account on a free port.
    pub(crate) fn start(home: &Home, folder: &Path) -> Result<Self> {
        let port = port::free()?;
        let log = folder.join("ministack.log");
        let out = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let mut command = Command::new(AWS.program(home, "ministack"));
        command
            .current_dir(folder)
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("LAMBDA_EXECUTOR", "local")
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(out.try_clone().context("cannot share a file")?)
            .stderr(out);
        let running = Leash::family(&mut command).context("cannot start ministack")?;
        let started = Self {
            _running: running,
            port,
            log,
        };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline {
                bail!("ministack does not answer; it said:\n{}", started.log());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(started)
    }

    /// The endpoint of every service.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The last lines of its log.
    pub(super) fn log(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let from = lines.len().saturating_sub(TAIL);
        lines.get(from..).unwrap_or_default().join("\n")
    }
}
