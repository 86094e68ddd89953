//! Gives a function its stores on Spin: composes its component with those that lead them to Spin's own interfaces.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use cargo_metadata::CrateType;
use guru_toolbox::compose;

use crate::{
    artefacts::{BuildContext, wasi, write},
    cargo, files,
    items::wasm::wasm_cargo,
    source,
};

/// The interfaces that these components give, and the package of each: a library for WebAssembly has one file for all features.
const INTERFACES: [(&str, &str); 6] = [
    ("guru:ports/key-value@", "guru-spin-key-value"),
    ("guru:ports/atomic@", "guru-spin-atomic"),
    ("guru:ports/sqlite@", "guru-spin-sqlite"),
    ("guru:ports/postgres@", "guru-spin-postgres"),
    ("guru:ports/secret@", "guru-spin-secret"),
    ("guru:ports/invoke@", "guru-spin-invoke"),
];

/// Composes the component with one for each interface of ours that it imports.
pub(super) fn compose(context: &BuildContext<'_>, component: &Path) -> Result<()> {
    let function = fs::read(component)?;
    let imports = compose::imports(&function)?;
    let mut ports = Vec::new();
    for (interface, package) in INTERFACES {
        if imports.iter().any(|import| import.starts_with(interface)) {
            ports.push(port(context, package)?);
        }
    }
    if ports.is_empty() {
        return Ok(());
    }
    write(component, compose::compose(&function, &ports)?)
}

/// Builds the component for one interface. It is part of what is deployed, and always optimised.
fn port(context: &BuildContext<'_>, package: &str) -> Result<Vec<u8>> {
    let lock = context
        .workspace
        .target()
        .join("guru")
        .join("spin-ports.lock");
    let _held = files::lock(&lock, || {
        context
            .console
            .note("another guru is compiling Spin's ports; waiting for it to finish");
    })?;
    let mut command = wasm_cargo(context.home)?;
    command
        .args(["build", "--lib", "--release", "--target", wasi::TRIPLE])
        .args(["--package", package])
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")
        .env("CARGO_PROFILE_RELEASE_STRIP", "none");
    source::in_source(context.workspace, &mut command)?;
    let made = cargo::make(&mut command, |artifact| {
        let is_it = artifact.target.crate_types.contains(&CrateType::CDyLib);
        let mut files = artifact.filenames.iter();
        let module = files.find(|file| file.extension() == Some("wasm"));
        module.filter(|_| is_it).cloned()
    })?;
    let path = made.with_context(|| format!("{package} gave no component"))?;
    let whole = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(wasi::smaller(context, &whole)?.unwrap_or(whole))
}
