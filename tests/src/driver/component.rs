//! The functions' components, built by `guru build` and compiled ahead of time for their hosts.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::vector::Function;

use super::machine::{forget_toolchain, program, workspace};

/// Builds the function's component for a target and returns its path.
///
/// # Errors
///
/// When it cannot be built.
pub fn component(function: Function, target: &str) -> Result<PathBuf> {
    let mut command = Command::new("cargo");
    command
        .args(["guru", "build", function.name()])
        .args(["--on", target, "--release"]);
    if function == Function::Probe {
        // What every host of components has.
        command.args([
            "--no-default-features",
            "--features",
            "invoke,key-value,postgres,secret,sqlite",
        ]);
    }
    forget_toolchain(&mut command);
    finish(&mut command)?;
    let path = Path::new("dist").join(target).join(function.name());
    Ok(workspace().join(path).join("function.wasm"))
}

/// Compiles a component ahead of time.
///
/// # Errors
///
/// When it is not a component.
pub fn compile(component: &Path, compiled: &Path) -> Result<()> {
    let mut compile = Command::new(program("guru-host")?);
    finish(compile.arg("compile").arg(component).arg(compiled))
}

/// The manifest with which `spin up` runs the function; the example's is at the top of the workspace.
#[must_use]
pub fn spin_manifest(function: Function) -> PathBuf {
    match function {
        Function::Meditations => workspace().join("spin.toml"),
        Function::Probe | Function::Faults => {
            workspace().join(format!("functions/{function}/spin.toml"))
        }
    }
}

/// Runs a command at the top of the workspace, with its output shown. Fails unless it succeeds.
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
