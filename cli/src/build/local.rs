//! A function as a native server. Knows that cargo gives a program, not what it does.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result};

use super::{Scene, copy_program, routes};
use crate::cargo;

/// Builds the server: a program of the function's name.
pub(super) fn build(scene: &Scene<'_>, folder: &Path) -> Result<PathBuf> {
    let program = program(scene)?;
    routes::ask(&program)?;
    let mut to = folder.join(scene.function);
    to.set_extension(env::consts::EXE_EXTENSION);
    copy_program(&program, &to)?;
    Ok(to)
}

/// The program, where cargo leaves it.
pub(crate) fn program(scene: &Scene<'_>) -> Result<PathBuf> {
    made(scene, Stdio::inherit())
}

/// The same; what cargo has to say goes to `told`.
pub(super) fn made(scene: &Scene<'_>, told: Stdio) -> Result<PathBuf> {
    let workspace = scene.workspace;
    let name = workspace.server_of(scene.function)?;
    let mut cargo = cargo::native(workspace.root());
    cargo
        .stderr(told)
        .args(["build", "--bin", name, "--package"])
        .arg(workspace.id_of(scene.function));
    if scene.is_release {
        cargo.arg("--release");
    }
    let made = cargo::make(&mut cargo, |artifact| {
        let is_server = artifact.target.is_bin() && artifact.target.name == name;
        artifact.executable.clone().filter(|_| is_server)
    })?;
    made.with_context(|| format!("cargo made no program {name} of {}", scene.function))
}
