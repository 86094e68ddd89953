//! The native server: the function's own binary, as `cargo run` starts it.
//!
//! It must not know any other target.

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Message;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::vector::Function;
use crate::wire::Endpoint;

use super::{Driver, Process, Refusal, Running};

/// From the process to its first `listening` line.
const START: Duration = Duration::from_secs(20);

/// The line on standard output that says where the server listens.
const LISTENING: &str = "listening on ";

pub(super) struct Local;

impl Driver for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn about(&self) -> String {
        format!("the native server of guru {}", env!("CARGO_PKG_VERSION"))
    }

    fn start(&self, function: Function) -> Result<Running, Refusal> {
        let mut command = Command::new(build(function)?);
        command.args(["--host", "127.0.0.1", "--port", "0", "--log", "json"]);
        let process = Process::spawn(command, &format!("the native server of {function}"))?;
        let url = process.wait_for(START, |line| {
            line.strip_prefix(LISTENING)
                .map(|url| url.trim().to_owned())
        })?;
        Ok(Running::new(Endpoint::parse(&url)?, vec![process]))
    }
}

/// Builds the function's binary in the profile of this suite and says where it is.
fn build(function: Function) -> Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("the crate is in no workspace")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command
        .current_dir(workspace)
        .args(["build", "-p", function.name(), "--bin", function.name()])
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
            && artifact.target.name == function.name()
        {
            found = artifact.executable.map(PathBuf::from);
        }
    }
    let status = child.wait().context("cargo cannot be waited for")?;
    if !status.success() {
        bail!(
            "`cargo build -p {function} --bin {function}` failed ({status}); what it said is above"
        );
    }
    found.with_context(|| format!("the package {function} has no binary {function}"))
}
