//! The `guru` command, as built from this workspace.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::{cargo, workspace::Workspace};

/// Builds it and returns its path.
pub(crate) fn program(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = cargo::native(workspace.root());
    cargo.args(["build", "--quiet", "--package", "guru-cli", "--bin", "guru"]);
    let made = cargo::make(&mut cargo, |artifact| {
        let is_it = artifact.target.is_bin() && artifact.target.name == "guru";
        artifact.executable.clone().filter(|_| is_it)
    })?;
    made.context("guru-cli has no program guru")
}
