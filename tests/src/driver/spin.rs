//! Spin: the function's own manifest under `spin up`, where a `spin` is installed. Run both ways that it has of using an
//! instance: for many requests at once, as it does by itself, and for one at a time.
//!
//! It must not know any other target, nor how a component is built: the manifest says it.

use anyhow::Result;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::vector::Function;
use crate::wire::Endpoint;

use super::machine::{compiles, forget_toolchain, workspace};
use super::{Driver, NotRun, Process, Refusal, Running, SETTING};

/// From the process to its `Serving` line; a first build of the function is part of it.
const START: Duration = Duration::from_secs(900);

/// What spin says once it listens.
const SERVING: &str = "Serving ";

/// What the runtime cannot do either way, each defended in docs/portability.md.
const DIFFERENCES: [&str; 7] = [
    "codings-unchecked",
    "connection-names-unknown",
    "crash-answered-by-host",
    "host-unchecked",
    "instance-of-128-requests",
    "request-header-values-utf-8",
    "request-headers-under-a-hundred",
];

/// Spin, run in one way.
pub(super) struct Spin {
    name: &'static str,
    /// What `spin up` is told beside the manifest.
    options: &'static [&'static str],
    /// Whether an instance has one request at a time, so that a crash takes no other with it.
    alone: bool,
}

/// Spin, run in each way.
pub(super) const WAYS: [Spin; 2] = [
    Spin {
        name: "spin",
        options: &[],
        alone: false,
    },
    Spin {
        name: "spin-alone",
        options: &["--max-instance-concurrent-reuse-count", "1"],
        alone: true,
    },
];

impl Driver for Spin {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> String {
        let version = version().unwrap_or_else(|| "spin".into());
        match self.options {
            [] => version,
            options => format!("{version}, with {}", options.join(" ")),
        }
    }

    fn differences(&self) -> &'static [&'static str] {
        &DIFFERENCES
    }

    fn crashes_alone(&self) -> bool {
        self.alone
    }

    fn in_dev(&self) -> bool {
        self.options.is_empty()
    }

    fn ready(&self) -> Result<(), NotRun> {
        if spin().is_none() {
            return Err(NotRun(
                "spin is not on PATH; install it as its site says, or name one in SPIN_BIN".into(),
            ));
        }
        if !compiles("wasm32-wasip2") {
            return Err(NotRun(
                "nothing here compiles for wasm32-wasip2; `cargo guru setup` gets it".into(),
            ));
        }
        Ok(())
    }

    fn start(&self, function: Function) -> Result<Running, Refusal> {
        let spin = spin().ok_or_else(|| NotRun("spin is gone".into()))?;
        let mut command = Command::new(spin);
        command
            .args(["up", "--build", "--listen", "127.0.0.1:0"])
            .args(self.options)
            .arg("--env")
            .arg(format!("{}={}", SETTING.0, SETTING.1))
            .arg("--from")
            .arg(manifest(function))
            .env("SPIN_DISABLE_TELEMETRY", "1")
            .env("NO_COLOR", "1");
        forget_toolchain(&mut command);
        let process = Process::spawn(command, &format!("{} with {function}", self.name))?;
        let url = process.wait_for(START, |line| {
            let (_, url) = line.split_once(SERVING)?;
            url.split_whitespace().next().map(str::to_owned)
        })?;
        Ok(Running::new(Endpoint::parse(&url)?, vec![process]))
    }
}

/// The manifest that a user runs: the example's is at the top.
pub(super) fn manifest(function: Function) -> PathBuf {
    match function {
        Function::Meditations => workspace().join("spin.toml"),
        Function::Probe | Function::Faults => {
            workspace().join(format!("functions/{function}/spin.toml"))
        }
    }
}

/// The `spin` that `SPIN_BIN` names, else the one on PATH.
fn spin() -> Option<PathBuf> {
    if let Some(named) = env::var_os("SPIN_BIN").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let name = Path::new("spin").with_extension(env::consts::EXE_EXTENSION);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
}

/// Its name and version, as it says them.
fn version() -> Option<String> {
    let said = Command::new(spin()?).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    Some(said.lines().next()?.trim().to_owned())
}
