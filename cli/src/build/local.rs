//! A function as a native server. Knows that cargo gives a program, not what it does.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Scene, copy_program};
use crate::{cargo, surroundings};

/// Builds the server: a program of the function's name.
pub(super) fn build(scene: &Scene<'_>, folder: &Path) -> Result<PathBuf> {
    let program = program(scene)?;
    let name = program.file_name().context("a program has no name")?;
    let to = folder.join(name);
    copy_program(&program, &to)?;
    Ok(to)
}

/// The program, where cargo leaves it.
pub(super) fn program(scene: &Scene<'_>) -> Result<PathBuf> {
    let mut cargo = surroundings::command("cargo");
    cargo.current_dir(scene.workspace.root()).args([
        "build",
        "--bins",
        "--package",
        scene.function,
    ]);
    if scene.is_release {
        cargo.arg("--release");
    }
    let made = cargo::make(&mut cargo, |artifact| {
        let is_program = artifact.target.is_bin();
        artifact.executable.clone().filter(|_| is_program)
    })?;
    made.with_context(|| {
        format!(
            "{0} has no program: put `guru::main!({0}::app);` into its src/main.rs",
            scene.function
        )
    })
}
