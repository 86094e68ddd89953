//! Any host of WASI 0.3 HTTP components: the very file that Spin runs, compiled ahead of time, on wasmtime in our own host.
//!
//! It must not know any other target, nor how a component is built: `guru build` does.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::vector::Function;
use crate::wire::Endpoint;

use super::local::LISTENING;
use super::machine::{compiles, forget_toolchain, program, workspace};
use super::{Driver, NotRun, Process, Refusal, Running, SETTING};

/// From the process to its first `listening` line.
const START: Duration = Duration::from_secs(20);

/// What is said of this target in docs/portability.md.
const DIFFERENCES: [&str; 1] = ["instance-a-request"];

pub(super) struct Wasi;

impl Driver for Wasi {
    fn name(&self) -> &'static str {
        "wasi"
    }

    fn about(&self) -> String {
        format!("wasmtime {} in guru-host", version().unwrap_or_default())
    }

    fn differences(&self) -> &'static [&'static str] {
        &DIFFERENCES
    }

    fn ready(&self) -> Result<(), NotRun> {
        if compiles("wasm32-wasip2") {
            return Ok(());
        }
        Err(NotRun(
            "nothing here compiles for wasm32-wasip2; `cargo guru setup` gets it".into(),
        ))
    }

    fn start(&self, function: Function) -> Result<Running, Refusal> {
        let compiled = compiled(function)?;
        let mut command = Command::new(host()?);
        command
            .arg("serve")
            .arg(&compiled)
            .args(["--port", "0", "--env"])
            .arg(format!("{}={}", SETTING.0, SETTING.1));
        let process = Process::spawn(command, &format!("guru-host with {function}"))?;
        let url = process.wait_for(START, |line| {
            line.strip_prefix(LISTENING)
                .map(|url| url.trim().to_owned())
        })?;
        Ok(Running::new(Endpoint::parse(&url)?, vec![process]))
    }
}

/// The function's component compiled ahead of time, once for all who host it: for the bootstrap and for plain HTTP.
pub fn compiled(function: Function) -> Result<PathBuf> {
    static COMPILED: Mutex<Vec<(Function, PathBuf)>> = Mutex::new(Vec::new());
    let mut all = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, path)) = all.iter().find(|(known, _)| *known == function) {
        return Ok(path.clone());
    }
    let component = component(function)?;
    let compiled = component.with_extension("cwasm");
    compile(&component, &compiled)?;
    all.push((function, compiled.clone()));
    Ok(compiled)
}

/// Compiles a component ahead of time.
pub fn compile(component: &Path, compiled: &Path) -> Result<()> {
    let mut compile = Command::new(host()?);
    finish(compile.arg("compile").arg(component).arg(compiled))
}

/// The host, in the profile of this suite.
fn host() -> Result<PathBuf> {
    program("guru-host")
}

/// Builds the function's component as its spin.toml does, and says where it is.
pub fn component(function: Function) -> Result<PathBuf> {
    let mut command = Command::new("cargo");
    command.args([
        "guru",
        "build",
        function.name(),
        "--on",
        "spin",
        "--release",
    ]);
    forget_toolchain(&mut command);
    finish(&mut command)?;
    let path = Path::new("dist/spin").join(function.name());
    Ok(workspace().join(path).join("function.wasm"))
}

/// Runs a command at the top of the workspace to its good end; what it says is seen.
fn finish(command: &mut Command) -> Result<()> {
    let spelt = format!("{command:?}");
    let status = command
        .current_dir(workspace())
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {spelt}"))?;
    if !status.success() {
        bail!("{spelt} failed ({status}); what it said is above");
    }
    Ok(())
}

/// Wasmtime's version, as locked.
fn version() -> Option<String> {
    let lock = std::fs::read_to_string(workspace().join("Cargo.lock")).ok()?;
    let (_, package) = lock.split_once("name = \"wasmtime\"\nversion = \"")?;
    package.split('"').next().map(str::to_owned)
}
