//! Cargo, run in view, and the files that it made. Knows not what they are for.

use std::{
    io::BufReader,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Artifact, Message, camino::Utf8PathBuf};

use crate::{child, surroundings, workspace::Workspace};

/// Runs `cargo` and gives the last file that `pick` takes of what it made.
pub(crate) fn make(
    cargo: &mut Command,
    pick: impl Fn(&Artifact) -> Option<Utf8PathBuf>,
) -> Result<Option<PathBuf>> {
    cargo
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let spelt = child::spell(cargo);
    let mut running = cargo
        .spawn()
        .with_context(|| format!("cannot start `{spelt}`"))?;
    let messages = running
        .stdout
        .take()
        .context("cargo has no standard output")?;
    let mut found = None;
    for message in Message::parse_stream(BufReader::new(messages)) {
        if let Message::CompilerArtifact(artifact) =
            message.context("what cargo says cannot be read")?
        {
            found = pick(&artifact).map(PathBuf::from).or(found);
        }
    }
    let status = running
        .wait()
        .with_context(|| format!("cannot wait for `{spelt}`"))?;
    if !status.success() {
        bail!(
            "`{spelt}` {}; what it said is above",
            child::describe(status)
        );
    }
    Ok(found)
}

/// A program of Guru's that runs on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) package: &'static str,
    pub(crate) name: &'static str,
    pub(crate) features: &'static [&'static str],
}

/// What hosts components, with its compiler.
pub(crate) const HOST: Program = Program {
    package: "guru-host",
    name: "guru-host",
    features: &["compile"],
};

/// What hosts components, without a compiler: as small as what is shipped.
pub(crate) const SERVER: Program = Program {
    package: "guru-host",
    name: "guru-host",
    features: &[],
};

/// What AWS Lambda starts.
pub(crate) const BOOTSTRAP: Program = Program {
    package: "guru-lambda",
    name: "bootstrap",
    features: &[],
};

/// What stands in front of a Lambda function on this machine.
pub(crate) const GATEWAY: Program = Program {
    package: "guru-gateway",
    name: "guru-gateway",
    features: &[],
};

impl Program {
    /// Builds it and says where it is.
    pub(crate) fn build(self, workspace: &Workspace, is_release: bool) -> Result<PathBuf> {
        self.build_with(workspace, is_release, |_| {})
    }

    /// Builds it by a cargo that `prepare` has had, and says where it is.
    pub(crate) fn build_with(
        self,
        workspace: &Workspace,
        is_release: bool,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<PathBuf> {
        let mut cargo = surroundings::command("cargo");
        cargo.current_dir(workspace.source()?).args([
            "build",
            "--package",
            self.package,
            "--bin",
            self.name,
        ]);
        if is_release {
            cargo.arg("--release");
        }
        if !self.features.is_empty() {
            cargo.arg("--features").arg(self.features.join(","));
        }
        prepare(&mut cargo);
        let made = make(&mut cargo, |artifact| {
            let is_it = artifact.target.is_bin() && artifact.target.name == self.name;
            artifact.executable.clone().filter(|_| is_it)
        })?;
        made.with_context(|| format!("{} has no program {}", self.package, self.name))
    }
}
