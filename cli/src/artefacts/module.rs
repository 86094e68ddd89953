//! A function compiled to a WebAssembly module. Knows how an adapter is chosen, not what becomes of the module.

use std::{
    cell::RefCell,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use cargo_metadata::CrateType;

use super::{BuildContext, routes};
use crate::{cargo, files, items::wasm::wasm_cargo};

/// How a function meets its vendor.
#[derive(Clone, Copy)]
pub struct Adapter {
    /// What the module is compiled for.
    pub triple: &'static str,
    /// The feature of the crate `guru` that brings the adapter along. The vendor says which, and not the triple: several adapters
    /// may be compiled for one.
    pub feature: &'static str,
}

/// A module, and what it was compiled of.
pub struct Module {
    /// The module itself.
    pub bytes: Vec<u8>,
    /// The name of each library in it, and the manifest of its package.
    libraries: Vec<(String, PathBuf)>,
}

impl Module {
    /// The folder of the package whose library was compiled into the module.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn package_of(&self, library: &str) -> Result<&Path> {
        let mut all = self.libraries.iter();
        let found = all.find(|(name, _)| name == library);
        let folder = found.and_then(|(_, manifest)| manifest.parent());
        folder.with_context(|| format!("the function was built without {library}: its `guru` is of another version than this command"))
    }
}

/// What becomes of the names in a module, and of the sections that say which features rustc used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// They are kept, for what follows to read and take out.
    Kept,
    /// The module is ready as it is.
    Gone,
}

/// How modules are optimised: for size, unless the environment or the workspace's manifest says otherwise. After wasm-opt the
/// fastest is a fortieth larger and an eighth faster (docs/performance.md).
const OPT_LEVEL: &str = "CARGO_PROFILE_RELEASE_OPT_LEVEL";

/// Compiles the function's library for `target`, and reads the module.
pub fn compile(context: &BuildContext<'_>, adapter: Adapter, names: Names) -> Result<Module> {
    let target = adapter.triple;
    // Until it is read: another command may have cargo put another build of it into the same place.
    let profile = if context.is_release { "release" } else { "dev" };
    let name = format!("{}-{}-{profile}.lock", context.function, adapter.feature);
    let _held = files::lock(&context.workspace.target().join("guru").join(name), || {
        let function = context.function;
        context.console.note(&format!(
            "another guru is compiling {function} for {target}; waiting for it to finish"
        ));
    })?;
    let mut cargo = wasm_cargo(context.home)?;
    cargo
        .current_dir(context.workspace.root())
        .args(["build", "--lib", "--package"])
        .arg(context.workspace.id_of(context.function))
        .args(["--target", target])
        .arg("--features")
        .arg(format!("guru/{}", adapter.feature));
    if context.is_release {
        cargo.arg("--release");
        if env::var_os(OPT_LEVEL).is_none() && !context.workspace.has_opt_level() {
            cargo.env(OPT_LEVEL, "s");
        }
    } else {
        // Nothing reads it, and it is most of the module.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "none");
    }
    if names == Names::Kept {
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none");
    }
    let libraries = RefCell::<Vec<(String, PathBuf)>>::default();
    let made = cargo::make(&mut cargo, |artifact| {
        let name = artifact.target.name.replace('-', "_");
        libraries
            .borrow_mut()
            .push((name, artifact.manifest_path.clone().into()));
        if !artifact.target.crate_types.contains(&CrateType::CDyLib) {
            return None;
        }
        let mut files = artifact.filenames.iter();
        files.find(|file| file.extension() == Some("wasm")).cloned()
    })?;
    let path = made.with_context(|| format!("{} gave no module", context.function))?;
    // Before it takes the place of one that serves.
    routes::check(context)?;
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Module {
        bytes,
        libraries: libraries.into_inner(),
    })
}
