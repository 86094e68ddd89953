//! A function compiled to a WebAssembly module. Knows its targets, not what becomes of the module.

use std::{env, fs};

use anyhow::{Context as _, Result};
use cargo_metadata::CrateType;

use super::{Scene, routes};
use crate::{cargo, files, setup::wasm::wasm_cargo};

/// What becomes of the names in a module, and of the sections that say which features rustc used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// They are kept, for what follows to read and take out.
    Kept,
    /// The module is ready as it is.
    Gone,
}

/// How modules are optimised: for size, unless the environment or the workspace's manifest says otherwise. After wasm-opt the
/// fastest is a fortieth larger and an eighth faster (docs/performance.md).
const OPT_LEVEL: &str = "CARGO_PROFILE_RELEASE_OPT_LEVEL";

/// Compiles the function's library for `target`, and reads the module.
pub(super) fn compile(scene: &Scene<'_>, target: &str, names: Names) -> Result<Vec<u8>> {
    // Until it is read: another command may have cargo put another build of it into the same place.
    let profile = if scene.is_release { "release" } else { "dev" };
    let name = format!("{}-{target}-{profile}.lock", scene.function);
    let _held = files::lock(&scene.workspace.target().join("guru").join(name), || {
        let function = scene.function;
        scene.console.note(&format!(
            "another guru is compiling {function} for {target}; waiting for it to finish"
        ));
    })?;
    let mut cargo = wasm_cargo(scene.home)?;
    cargo
        .current_dir(scene.workspace.root())
        .args(["build", "--lib", "--package"])
        .arg(scene.workspace.id_of(scene.function))
        .args(["--target", target]);
    if scene.is_release {
        cargo.arg("--release");
        if env::var_os(OPT_LEVEL).is_none() && !scene.workspace.has_opt_level() {
            cargo.env(OPT_LEVEL, "s");
        }
    } else {
        // Nothing reads it, and it is most of the module.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "none");
    }
    if names == Names::Kept {
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none");
    }
    let made = cargo::make(&mut cargo, |artifact| {
        if !artifact.target.crate_types.contains(&CrateType::CDyLib) {
            return None;
        }
        let mut files = artifact.filenames.iter();
        files.find(|file| file.extension() == Some("wasm")).cloned()
    })?;
    let path = made.with_context(|| format!("{} gave no module", scene.function))?;
    // Before it takes the place of one that serves.
    routes::check(scene)?;
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}
