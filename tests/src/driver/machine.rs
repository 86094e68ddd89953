//! This machine: the workspace, its programs, the toolchains.

use anyhow::{Context as _, Result, anyhow, bail};
use cargo_metadata::Message;
use std::collections::BTreeMap;
use std::env;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The root of the workspace.
pub(super) fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Removes the suite's own toolchain from a command's environment: it is not the one that builds for WebAssembly.
pub(super) fn forget_toolchain(command: &mut Command) {
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
}

/// The programs that `guru dev` would build itself, each with the variable that overrides it with an existing one.
const HOSTS: [(&str, &str); 3] = [
    ("guru-host", "GURU_HOST_BIN"),
    ("bootstrap", "GURU_BOOTSTRAP_BIN"),
    ("guru-gateway", "GURU_GATEWAY_BIN"),
];

/// Makes a `guru` command use this workspace's programs, as built for this suite.
///
/// # Errors
///
/// When they cannot be built.
pub fn with_hosts(command: &mut Command) -> Result<()> {
    for (name, variable) in HOSTS {
        command.env(variable, program(name)?);
    }
    Ok(())
}

/// The path of one of the workspace's programs, built in the profile of this suite.
///
/// # Errors
///
/// When it cannot be built.
pub fn program(name: &str) -> Result<PathBuf> {
    static BUILT: OnceLock<Result<BTreeMap<String, PathBuf>, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| programs().map_err(|error| format!("{error:#}")));
    let built = built.as_ref().map_err(|error| anyhow!("{error}"))?;
    let found = built.get(name).cloned();
    found.with_context(|| format!("the workspace has no program {name}"))
}

/// Builds the workspace's programs.
///
/// They are built along with everything else, as by `cargo test --workspace`: on their own they would get other features, and
/// most dependencies would be compiled again.
fn programs() -> Result<BTreeMap<String, PathBuf>> {
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
    let mut found = BTreeMap::new();
    let messages = child
        .stdout
        .take()
        .context("cargo has no standard output")?;
    for message in Message::parse_stream(BufReader::new(messages)) {
        if let Message::CompilerArtifact(artifact) =
            message.context("what cargo says cannot be read")?
            && artifact.target.is_bin()
            && !artifact.profile.test
            && let Some(path) = artifact.executable
        {
            found.insert(artifact.target.name, path.into());
        }
    }
    let status = child.wait().context("cargo cannot be waited for")?;
    if !status.success() {
        bail!("`cargo build --workspace` failed ({status}); what it said is above");
    }
    Ok(found)
}
