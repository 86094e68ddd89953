//! A function compiled to a WebAssembly module. Knows cargo, not what becomes of the module.

use std::{fs, io::BufReader, process::Stdio};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{CrateType, Message};

use super::Scene;
use crate::{child, setup::wasm::wasm_cargo};

/// What becomes of the names in a module, and of the sections that say which features rustc used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// They are kept, for what follows to read and take out.
    Kept,
    /// The module is ready as it is.
    Gone,
}

/// Compiles the function's library for `target`, in release, and reads the module.
pub(super) fn compile(scene: &Scene<'_>, target: &str, names: Names) -> Result<Vec<u8>> {
    let mut cargo = wasm_cargo(scene.home)?;
    cargo
        .current_dir(scene.workspace.root())
        .args(["build", "--release", "--lib", "--package", scene.function])
        .args(["--target", target])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if names == Names::Kept {
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none");
    }
    let spelt = child::spell(&cargo);
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
            && artifact.target.crate_types.contains(&CrateType::CDyLib)
        {
            let module = |file: &&cargo_metadata::camino::Utf8PathBuf| {
                file.extension()
                    .is_some_and(|extension| extension == "wasm")
            };
            found = artifact.filenames.iter().find(module).cloned();
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
    let path = found.with_context(|| format!("{} gave no module", scene.function))?;
    fs::read(&path).with_context(|| format!("cannot read {path}"))
}
