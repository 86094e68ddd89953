//! The command `guru` itself, as this workspace builds it. Knows where it is, not what it does.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::{cargo, workspace::Workspace};

/// Builds it, and says where it is.
pub(crate) fn program(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = cargo::native(workspace.root());
    cargo.args(["build", "--quiet", "--package", "guru-cli", "--bin", "guru"]);
    let made = cargo::make(&mut cargo, |artifact| {
        let is_it = artifact.target.is_bin() && artifact.target.name == "guru";
        artifact.executable.clone().filter(|_| is_it)
    })?;
    made.context("guru-cli has no program guru")
}
