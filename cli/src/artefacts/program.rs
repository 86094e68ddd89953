//! The function's native program, in cargo's target directory.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result};

use super::BuildContext;
use crate::cargo;

/// Builds the program and returns its path.
pub fn program(context: &BuildContext<'_>) -> Result<PathBuf> {
    made(context, Stdio::inherit())
}

/// Does the same, with cargo's own output sent to `told`.
pub(super) fn made(context: &BuildContext<'_>, told: Stdio) -> Result<PathBuf> {
    let workspace = context.workspace;
    let name = workspace.server_of(context.function)?;
    let mut cargo = cargo::native(workspace.root());
    cargo
        .stderr(told)
        .args(["build", "--bin", name, "--package"])
        .arg(workspace.id_of(context.function));
    context.tell_features(&mut cargo, false)?;
    if context.is_release {
        cargo.arg("--release");
    }
    let made = cargo::make(&mut cargo, |artifact| {
        let is_server = artifact.target.is_bin() && artifact.target.name == name;
        artifact.executable.clone().filter(|_| is_server)
    })?;
    made.with_context(|| format!("cargo made no program {name} of {}", context.function))
}
