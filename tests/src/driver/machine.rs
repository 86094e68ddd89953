//! What is on this machine: the workspace, its programs, the toolchains.
//!
//! It must not know any target.

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Message;
use std::env;
use std::ffi::OsString;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top of the workspace.
pub(super) fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The folder that `guru setup` fills: `GURU_HOME`, else the user's cache folder.
pub(super) fn home() -> Option<PathBuf> {
    let set = |value: Option<OsString>| value.filter(|value| !value.is_empty()).map(PathBuf::from);
    set(env::var_os("GURU_HOME"))
        .or_else(|| {
            set(env::var_os("XDG_CACHE_HOME"))
                .filter(|cache| cache.is_absolute())
                .map(|cache| cache.join("guru"))
        })
        .or_else(|| env::home_dir().map(|home| home.join(".cache/guru")))
}

/// Whether the active toolchain, or the one that `guru setup` makes, has the target.
pub(super) fn compiles(target: &str) -> bool {
    let target = format!("lib/rustlib/{target}/lib");
    let active = Command::new("rustc").args(["--print", "sysroot"]).output();
    let active = active.ok().and_then(|said| {
        let sysroot = String::from_utf8(said.stdout).ok()?;
        Some(PathBuf::from(sysroot.trim()))
    });
    let made = home().map(|home| home.join("toolchains/guru-wasm"));
    [active, made]
        .into_iter()
        .flatten()
        .any(|sysroot| sysroot.join(&target).is_dir())
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
