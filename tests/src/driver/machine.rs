//! What is on this machine: the workspace, its programs, the toolchains.
//!
//! It must not know any target.

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Message;
use std::env;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top of the workspace.
pub(super) fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Takes the suite's own toolchain out of a command's environment: it is not the one that builds for WebAssembly.
pub(super) fn forget_toolchain(command: &mut Command) {
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
}

/// Builds a program of the workspace in the profile of this suite and says where it is.
///
/// It is built with everything else, as `cargo test --workspace` does: alone, it would have other features, and most of what
/// it needs would be compiled once more.
pub(super) fn program(name: &str) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command
        .current_dir(workspace())
        .args(["build", "--workspace", "--bins", "--tests"])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let mut child = command
        .spawn()
        .with_context(|| format!("{} cannot be started: is Rust installed?", cargo.display()))?;
    let mut found = None;
    let messages = child
        .stdout
        .take()
        .context("cargo has no standard output")?;
    for message in Message::parse_stream(BufReader::new(messages)) {
        if let Message::CompilerArtifact(artifact) =
            message.context("what cargo says cannot be read")?
            && artifact.target.is_bin()
            && artifact.target.name == name
            && !artifact.profile.test
        {
            found = artifact.executable.map(PathBuf::from);
        }
    }
    let status = child.wait().context("cargo cannot be waited for")?;
    if !status.success() {
        bail!("`cargo build --workspace` failed ({status}); what it said is above");
    }
    found.with_context(|| format!("the workspace has no program {name}"))
}
