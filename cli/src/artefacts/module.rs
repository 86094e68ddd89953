//! Compiles a function to a WebAssembly module.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use cargo_metadata::CrateType;

use super::{BuildContext, routes};
use crate::{cargo, declared, files, items::wasm::wasm_cargo};

/// The adapter between a function and its vendor.
#[derive(Clone, Copy)]
pub struct Adapter {
    /// The target triple.
    pub triple: &'static str,
    /// The feature of the `guru` crate that enables the adapter. The vendor sets it, because several adapters may share a triple.
    pub feature: &'static str,
    /// What the linker is told besides, for a release.
    pub linked: Option<&'static str>,
}

/// A module and the packages that it was compiled from.
pub struct Module {
    /// The module itself.
    pub bytes: Vec<u8>,
    /// The name of each library in it, and the manifest of its package.
    libraries: BTreeMap<String, PathBuf>,
}

impl Module {
    /// Returns the folder of the package whose library was compiled into the module.
    ///
    /// # Errors
    ///
    /// When the module has no such library.
    pub fn package_of(&self, library: &str) -> Result<&Path> {
        let manifest = self.libraries.get(library);
        let folder = manifest.and_then(|path| path.parent());
        folder.with_context(|| format!("the function was built without {library}: its `guru` is of another version than this command"))
    }
}

/// Whether to keep a module's names, and the sections in which rustc records the target features.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Keep them: a later step reads and strips them.
    Kept,
    /// Strip them: the module is final.
    Gone,
}

/// The optimisation level of modules: size, unless the environment or the workspace's manifest says otherwise. After wasm-opt, a
/// module optimised for speed is a fortieth larger and an eighth faster (docs/performance.md).
const OPT_LEVEL: &str = "CARGO_PROFILE_RELEASE_OPT_LEVEL";

/// Compiles the function's library for the adapter's target and reads the module.
pub fn compile(context: &BuildContext<'_>, adapter: Adapter, names: Names) -> Result<Module> {
    let target = adapter.triple;
    // Held until the module is read: a concurrent command may have cargo overwrite it with another build.
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
        .args(["rustc", "--lib", "--package"])
        .arg(context.workspace.id_of(context.function))
        .args(["--target", target, "--profile", profile])
        // In development nothing reads the debug info, and it makes up most of the module.
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .arg("--features")
        .arg(format!("guru/{}", adapter.feature));
    context.tell_features(&mut cargo, true)?;
    if env::var_os(OPT_LEVEL).is_none() && !context.workspace.has_opt_level() {
        cargo.env(OPT_LEVEL, "s");
    }
    if names == Names::Kept {
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none");
    }
    let libraries = RefCell::<BTreeMap<String, PathBuf>>::default();
    let linked = adapter.linked.filter(|_| context.is_release);
    let made = cargo::make_linked(&mut cargo, linked, |artifact| {
        let name = artifact.target.name.replace('-', "_");
        let manifest = artifact.manifest_path.clone().into();
        libraries.borrow_mut().entry(name).or_insert(manifest);
        if !artifact.target.crate_types.contains(&CrateType::CDyLib) {
            return None;
        }
        let mut files = artifact.filenames.iter();
        files.find(|file| file.extension() == Some("wasm")).cloned()
    })?;
    let path = made.with_context(|| format!("{} gave no module", context.function))?;
    // Checked before the build replaces the one being served.
    routes::check(context)?;
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    declared::check(&bytes, context.lacks)?;
    Ok(Module {
        bytes,
        libraries: libraries.into_inner(),
    })
}
