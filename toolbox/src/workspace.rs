//! The cargo workspace of the current folder, read with `cargo metadata`, and which of its packages are functions.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{
    CrateType, DependencyKind, Metadata, MetadataCommand, Package, TargetKind,
    semver::{Version, VersionReq},
};

use crate::{
    child,
    parts::{Parts, Reduced},
    source::{Source, is_checkout, named_source, patch, sources},
    surroundings,
};

/// The crate that functions depend on, and the one that must build without `std`.
const AUTHORS_CRATE: &str = "guru";
const CORE: &str = "guru-core";

/// The vendors' manifests.
const MANIFESTS: [&str; 3] = ["wrangler.toml", "spin.toml", "template.yaml"];

/// The workspace that contains a folder.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
    functions: Vec<String>,
    folders: Vec<PathBuf>,
    parts: Vec<Parts>,
    examples: Vec<String>,
    benched: Vec<String>,
    core: Option<String>,
    source: Option<PathBuf>,
    is_versioned: bool,
}

impl Workspace {
    /// The name of a function's server binary.
    pub fn server_of(&self, function: &str) -> Result<&str> {
        let parts = self.parts_of(function);
        let parts = parts.with_context(|| format!("there is no function {function}"))?;
        parts.server(function)
    }

    /// The package id of a function: a dependency of the function may have the same name.
    pub fn id_of<'a>(&'a self, function: &'a str) -> &'a str {
        self.parts_of(function).map_or(function, |parts| &parts.id)
    }

    /// The default features of a function for a target that lacks these kinds of ports, where that leaves some out.
    ///
    /// # Errors
    ///
    /// When its manifest says something else than which of them need which kinds.
    pub fn reduced(&self, function: &str, lacks: &[String]) -> Result<Option<Reduced>> {
        let parts = self.parts_of(function);
        parts.map_or(Ok(None), |parts| parts.reduced(lacks))
    }

    fn parts_of(&self, function: &str) -> Option<&Parts> {
        let mut all = self.functions.iter().zip(&self.parts);
        let (_, parts) = all.find(|(known, _)| *known == function)?;
        Some(parts)
    }

    /// Whether the manifest sets the `opt-level` of releases.
    pub fn has_opt_level(&self) -> bool {
        let text = std::fs::read_to_string(self.root().join("Cargo.toml")).unwrap_or_default();
        text.parse::<toml_edit::DocumentMut>()
            .is_ok_and(|manifest| {
                let profile = manifest.get("profile");
                let release = profile.and_then(|profile| profile.get("release"));
                release.is_some_and(|release| release.get("opt-level").is_some())
            })
    }

    /// Finds the workspace of the current folder.
    pub fn find() -> Result<Self> {
        let here = env::current_dir().context("the current folder is gone")?;
        if !here
            .ancestors()
            .any(|folder| folder.join("Cargo.toml").is_file())
        {
            bail!(
                "there is no Cargo.toml in {} or above it: this must run in the folder of a function, or of a workspace with \
                 functions in it; `guru new NAME` makes one",
                here.display()
            );
        }
        let manifest = child::output(surroundings::command("cargo").args([
            "locate-project",
            "--workspace",
            "--message-format=plain",
        ]))
        .with_context(|| {
            format!(
                "cargo cannot read the workspace that {} is in",
                here.display()
            )
        })?;
        // From a member's folder, cargo reports only that member as the default, so the root manifest is passed.
        let metadata = MetadataCommand::new()
            .no_deps()
            .env_remove("CARGO")
            .cargo_path("cargo")
            .manifest_path(manifest.trim())
            .exec()
            .with_context(|| format!("cannot read the workspace of {}", manifest.trim()))?;
        Ok(Self::from(&metadata))
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The target directory.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The packages that are functions.
    pub fn functions(&self) -> &[String] {
        &self.functions
    }

    /// The function whose folder contains `path`.
    pub fn function_of(&self, path: &Path) -> Option<&str> {
        let functions = self.functions.iter().zip(&self.folders);
        let around = functions.filter(|(_, folder)| path.starts_with(folder));
        // A function's folder may be nested in another's.
        let (function, _) = around.max_by_key(|(_, folder)| folder.components().count())?;
        Some(function)
    }

    /// A vendor's manifest for a function: in its folder, else at the root for a default member.
    pub fn manifest(&self, function: &str, name: &str) -> Option<PathBuf> {
        let places = [self.folder_of(function), self.place_of(function)];
        let mut paths = places.into_iter().flatten().map(|folder| folder.join(name));
        paths.find(|path| path.is_file())
    }

    /// The functions among the default members.
    pub fn examples(&self) -> &[String] {
        &self.examples
    }

    /// The packages with benchmarks.
    pub fn benched(&self) -> &[String] {
        &self.benched
    }

    /// The folder of a function's package.
    pub fn folder_of(&self, function: &str) -> Option<&Path> {
        let mut all = self.functions.iter().zip(&self.folders);
        let (_, folder) = all.find(|(known, _)| *known == function)?;
        Some(folder)
    }

    /// The folder of the vendors' manifests for a function: its own, or the root for a default member.
    pub fn place_of(&self, function: &str) -> Option<&Path> {
        let folder = self.folder_of(function)?;
        let is_example = self.examples.iter().any(|example| example == function);
        let has_own = MANIFESTS.iter().any(|name| folder.join(name).is_file());
        Some(if is_example && !has_own {
            &self.root
        } else {
            folder
        })
    }

    /// Whether the function is the workspace's root package.
    pub fn is_at_the_top(&self, function: &str) -> bool {
        self.folder_of(function) == Some(&*self.root)
    }

    /// The Guru that the functions depend on, from which their hosts are built too.
    ///
    /// # Errors
    ///
    /// When the sources are missing, or cargo cannot resolve `guru`.
    pub fn source(&self) -> Result<Source> {
        if self.core.is_some() {
            return Ok(Source::Folder(self.root.clone()));
        }
        if let Some(source) = &self.source {
            return sources(source).context("the function's manifest names `guru` by its path");
        }
        self.resolved(&[])
    }

    /// The same, for whoever only looks: the lock file is not changed where it is up to date. `None` where there is no lock file yet.
    ///
    /// # Errors
    ///
    /// As [`source`](Self::source).
    pub fn locked_source(&self) -> Result<Option<Source>> {
        let is_resolved = self.core.is_some() || self.source.is_some();
        if is_resolved {
            return self.source().map(Some);
        }
        if !self.root.join("Cargo.lock").is_file() {
            return Ok(None);
        }
        // One that is out of date is brought up to date, as by any command of cargo's.
        let locked = self.resolved(&["--locked"]);
        locked.or_else(|_| self.resolved(&[])).map(Some)
    }

    /// Has cargo take the crate `guru` from the folder that `GURU_SOURCE` names, where the functions depend on a version of it.
    pub fn patch(&self, cargo: &mut Command) {
        cargo.args(self.patches());
    }

    fn patches(&self) -> Vec<String> {
        let is_versioned = self.core.is_none() && self.is_versioned;
        let named = named_source().filter(|_| is_versioned);
        named.map_or_else(Vec::new, |named| patch(&named).into())
    }

    /// The workspace with all its dependencies, as `cargo metadata` resolves them.
    ///
    /// # Errors
    ///
    /// When cargo cannot resolve them.
    pub fn metadata(&self, options: &[&str]) -> Result<Metadata> {
        let mut all = self.patches();
        all.extend(options.iter().map(|option| (*option).to_owned()));
        MetadataCommand::new()
            .env_remove("CARGO")
            .cargo_path("cargo")
            .manifest_path(self.root.join("Cargo.toml"))
            .current_dir(&self.root)
            .other_options(all)
            .exec()
            .context("cargo cannot resolve the dependencies")
    }

    /// Resolves the crate `guru` with cargo.
    fn resolved(&self, options: &[&str]) -> Result<Source> {
        let metadata = self
            .metadata(options)
            .context("cargo cannot tell which `guru` the function depends on")?;
        let mut packages = metadata.packages.iter();
        let guru = packages.find(|package| package.name == AUTHORS_CRATE);
        let guru = guru.context("no function here is made with the crate `guru`")?;
        let above = guru.manifest_path.parent().and_then(|path| path.parent());
        let above = above.map(PathBuf::from).unwrap_or_default();
        match &guru.source {
            // Patched in cargo's configuration.
            None if is_checkout(&above) => Ok(Source::Checkout(above)),
            None => sources(&above),
            Some(source) if source.repr.starts_with("git+") => {
                sources(&above)?;
                Ok(Source::Checkout(above))
            }
            Some(_) => of_version(&guru.version),
        }
    }

    /// The portable core, where it is part of the workspace.
    pub fn core(&self) -> Option<&str> {
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
            parts: packages
                .iter()
                .filter(|package| is_function(package))
                .map(|package| Parts::from(*package))
                .collect(),
            examples: names(&|package| is_function(package) && is_default(package)),
            benched: names(&|package| package.targets.iter().any(|t| t.is_kind(TargetKind::Bench))),
            core: names(&|package| package.name == CORE).pop(),
            source: packages.iter().find_map(|package| source(package)),
            is_versioned: packages.iter().any(|package| is_versioned(package)),
        }
    }
}

/// A registry version, if it is compatible with this command: the parts of a build must match.
fn of_version(version: &Version) -> Result<Source> {
    let own = env!("CARGO_PKG_VERSION");
    let comparator = VersionReq::parse(&format!("^{version}"))?;
    let own = Version::parse(own)?;
    let is_compatible =
        comparator.matches(&own) || VersionReq::parse(&format!("^{own}"))?.matches(version);
    if !is_compatible {
        bail!(
            "the function is made with guru {version}, and this command is {own}: `cargo install guru-cli@{version}` gets the one \
             that fits, `cargo update guru` a newer guru where the manifest allows it"
        );
    }
    Ok(Source::Registry(version.to_string()))
}

/// A function is a package with a `cdylib` target that depends on `guru`.
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

/// The parent of the folder of the `guru` crate, for a path dependency.
fn source(function: &Package) -> Option<PathBuf> {
    let mut dependencies = function.dependencies.iter();
    let guru = dependencies.find(|dependency| dependency.name == AUTHORS_CRATE)?;
    Some(guru.path.as_ref()?.parent()?.into())
}

/// Whether a function depends on a version of the author's crate, and not on a folder or a repository.
fn is_versioned(function: &Package) -> bool {
    let mut dependencies = function.dependencies.iter();
    let guru = dependencies.find(|dependency| dependency.name == AUTHORS_CRATE);
    guru.and_then(|guru| guru.source.as_ref())
        .is_some_and(|source| source.repr.starts_with("registry+"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guru_that_does_not_fit_is_told_with_the_one_that_does() {
        let own = env!("CARGO_PKG_VERSION");
        let version = |text: &str| Version::parse(text).unwrap();
        assert_eq!(
            of_version(&version(own)).unwrap(),
            Source::Registry(own.into())
        );
        assert!(of_version(&version("0.1.99")).is_ok());
        let error = of_version(&version("0.2.0")).unwrap_err().to_string();
        assert!(error.contains("cargo install guru-cli@0.2.0"), "{error}");
    }

    #[test]
    fn this_workspace_is_read() {
        let workspace = Workspace::find().unwrap();
        assert!(workspace.root().join("Cargo.toml").exists());
        assert_eq!(
            workspace.functions(),
            [
                "faults",
                "links",
                "meditations",
                "probe",
                "realworld",
                "users"
            ]
        );
        assert_eq!(workspace.examples(), ["meditations"]);
        assert_eq!(workspace.core(), Some("guru-core"));
        assert!(workspace.target().is_absolute());
    }
}
