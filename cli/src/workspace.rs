//! The cargo workspace that a command works on, read with `cargo metadata`. Knows what makes a package a function,
//! not what is done with it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{CrateType, DependencyKind, Metadata, MetadataCommand, Package, TargetKind};

use crate::{child, surroundings};

/// The crate that a function depends on, and the one that must build without `std`.
const AUTHORS_CRATE: &str = "guru";
const CORE: &str = "guru-core";

/// The workspace around a folder.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    functions: Vec<String>,
    folders: Vec<PathBuf>,
    examples: Vec<String>,
    benched: Vec<String>,
    core: Option<String>,
    source: Option<PathBuf>,
}

impl Workspace {
    /// Whether the manifest says how far a release is optimised.
    pub(crate) fn has_opt_level(&self) -> bool {
        let text = std::fs::read_to_string(self.root().join("Cargo.toml")).unwrap_or_default();
        text.parse::<toml_edit::DocumentMut>()
            .is_ok_and(|manifest| {
                let profile = manifest.get("profile");
                let release = profile.and_then(|profile| profile.get("release"));
                release.is_some_and(|release| release.get("opt-level").is_some())
            })
    }

    /// The workspace that the current folder is in.
    pub(crate) fn find() -> Result<Self> {
        let manifest = child::output(surroundings::command("cargo").args([
            "locate-project",
            "--workspace",
            "--message-format=plain",
        ]))
        .context("this must run inside a Guru workspace, and the current folder is in none that cargo can read")?;
        // From a member's folder the default members are that member alone, hence the path.
        let metadata = MetadataCommand::new()
            .no_deps()
            .env_remove("CARGO")
            .cargo_path("cargo")
            .manifest_path(manifest.trim())
            .exec()
            .with_context(|| format!("cannot read the workspace of {}", manifest.trim()))?;
        Ok(Self::from(&metadata))
    }

    /// Its top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The packages that are functions.
    pub(crate) fn functions(&self) -> &[String] {
        &self.functions
    }

    /// The function in whose folder `path` is.
    pub(crate) fn function_of(&self, path: &Path) -> Option<&str> {
        let mut functions = self.functions.iter().zip(&self.folders);
        let (function, _) = functions.find(|(_, folder)| path.starts_with(folder))?;
        Some(function)
    }

    /// A vendor's manifest for a function: in its folder, else at the top for what `cargo run` means.
    pub(crate) fn manifest(&self, function: &str, name: &str) -> Option<PathBuf> {
        let places = [self.folder_of(function), self.place_of(function)];
        let mut paths = places.into_iter().flatten().map(|folder| folder.join(name));
        paths.find(|path| path.is_file())
    }

    /// The functions that `cargo run` means.
    pub(crate) fn examples(&self) -> &[String] {
        &self.examples
    }

    /// The packages with benchmarks.
    pub(crate) fn benched(&self) -> &[String] {
        &self.benched
    }

    /// The folder of a function's package.
    pub(crate) fn folder_of(&self, function: &str) -> Option<&Path> {
        let mut all = self.functions.iter().zip(&self.folders);
        let (_, folder) = all.find(|(known, _)| *known == function)?;
        Some(folder)
    }

    /// The folder of the files that a vendor's tool reads for a function: its own, or the top for what `cargo run` means.
    pub(crate) fn place_of(&self, function: &str) -> Option<&Path> {
        let is_example = self.examples.iter().any(|example| example == function);
        if is_example {
            return Some(&self.root);
        }
        self.folder_of(function)
    }

    /// Whether the workspace is nothing but one function.
    pub(crate) fn is_one_function(&self) -> bool {
        matches!(&*self.folders, [folder] if *folder == self.root)
    }

    /// The sources of Guru that the functions are made with: its hosts are built from there.
    pub(crate) fn source(&self) -> Result<&Path> {
        if self.core.is_some() {
            return Ok(&self.root);
        }
        let source = self.source.as_deref().context(
            "the function's manifest must name `guru` with a path to Guru's sources: its hosts are built from there",
        )?;
        if !source.join("targets").is_dir() {
            anyhow::bail!(
                "{} is not the folder of Guru's sources, though the function's manifest says that `guru` is in it",
                source.display()
            );
        }
        Ok(source)
    }

    /// The portable core, where it is part of the workspace.
    pub(crate) fn core(&self) -> Option<&str> {
        self.core.as_deref()
    }
}

impl From<&Metadata> for Workspace {
    fn from(metadata: &Metadata) -> Self {
        let packages = metadata.workspace_packages();
        let names = |keep: &dyn Fn(&Package) -> bool| -> Vec<String> {
            packages
                .iter()
                .filter(|package| keep(package))
                .map(|package| package.name.to_string())
                .collect()
        };
        let defaults = &metadata.workspace_default_members;
        let is_default =
            |package: &Package| defaults.is_available() && defaults.contains(&package.id);
        Self {
            root: metadata.workspace_root.clone().into(),
            target: metadata.target_directory.clone().into(),
            functions: names(&is_function),
            folders: packages
                .iter()
                .filter(|package| is_function(package))
                .filter_map(|package| package.manifest_path.parent())
                .map(Into::into)
                .collect(),
            examples: names(&|package| is_function(package) && is_default(package)),
            benched: names(&|package| package.targets.iter().any(|t| t.is_kind(TargetKind::Bench))),
            core: names(&|package| package.name == CORE).pop(),
            source: packages.iter().find_map(|package| source(package)),
        }
    }
}

/// A function is a library that a host can load, made with the author's crate.
fn is_function(package: &Package) -> bool {
    let loadable = package
        .targets
        .iter()
        .any(|target| target.crate_types.contains(&CrateType::CDyLib));
    let made_with_guru = package
        .dependencies
        .iter()
        .any(|d| d.kind == DependencyKind::Normal && d.name == AUTHORS_CRATE);
    loadable && made_with_guru
}

/// Where the author's crate is, less its own folder.
fn source(function: &Package) -> Option<PathBuf> {
    let mut dependencies = function.dependencies.iter();
    let guru = dependencies.find(|dependency| dependency.name == AUTHORS_CRATE)?;
    Some(guru.path.as_ref()?.parent()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_read() {
        let workspace = Workspace::find().unwrap();
        assert!(workspace.root().join("Cargo.toml").exists());
        assert_eq!(workspace.functions(), ["faults", "meditations", "probe"]);
        assert_eq!(workspace.examples(), ["meditations"]);
        assert_eq!(workspace.core(), Some("guru-core"));
        assert!(workspace.target().is_absolute());
    }
}
