//! A local registry: the packaged crates and their dependencies, in a folder that replaces crates.io as cargo's source.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::Archive;

use crate::{cargo, child, console::Console, files, surroundings, workspace::Workspace};

/// Packages that are never published.
const OURS_ALONE: [&str; 7] = [
    "faults",
    "links",
    "meditations",
    "probe",
    "realworld",
    "users",
    "xtask",
];

/// A local registry, and a cargo home that uses no other.
pub(crate) struct Registry {
    home: PathBuf,
    /// The version of the packaged crates, which contains a hash of their sources.
    version: String,
}

impl Registry {
    /// Packages all crates, and puts them into a registry below `folder` with their dependencies.
    pub(crate) fn make(console: Console, workspace: &Workspace, folder: &Path) -> Result<Self> {
        let step = console.step("packing the crates, and what they need");
        let crates = pack(workspace)?;
        let registry = folder.join("registry");
        needed(workspace, &registry)?;
        let version = unpack(&crates, &registry)?;
        let home = folder.join("cargo-home");
        let config = format!(
            "[source.crates-io]\nreplace-with = \"packed\"\n\n[source.packed]\ndirectory = {}\n",
            toml_edit::Value::from(&*registry.to_string_lossy())
        );
        files::write(&home.join("config.toml"), &config)?;
        step.done();
        Ok(Self { home, version })
    }

    /// A command that finds crates only in this registry.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = surroundings::command(program);
        command.env("CARGO_HOME", &self.home);
        command
    }

    /// The version of the packaged crates.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

/// Packages the crates; returns the path of each.
fn pack(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let packed = workspace.target().join("package");
    files::remove(&packed)?;
    let mut cargo = cargo::native(workspace.root());
    cargo.args(["package", "--workspace", "--no-verify", "--allow-dirty"]);
    for name in OURS_ALONE {
        cargo.args(["--exclude", name]);
    }
    child::output(&mut cargo)?;
    let entries = fs::read_dir(&packed);
    let entries = entries.with_context(|| format!("cannot read {}", packed.display()))?;
    let mut crates: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "crate"))
        .collect();
    crates.sort();
    ensure!(
        crates.len() > 10,
        "only {} crates were packed",
        crates.len()
    );
    Ok(crates)
}

/// Copies the locked dependencies into the registry, unless they are there already.
fn needed(workspace: &Workspace, registry: &Path) -> Result<()> {
    let lock = files::read(&workspace.root().join("Cargo.lock"))?;
    let stamp = registry.with_extension("lock");
    if fs::read_to_string(&stamp).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    files::remove(&stamp)?;
    files::remove(registry)?;
    let mut cargo = cargo::native(workspace.root());
    cargo
        .args(["vendor", "--locked", "--versioned-dirs", "--quiet"])
        .arg(registry);
    child::output(&mut cargo)?;
    files::write(&stamp, &lock)
}

/// Unpacks the packaged crates into the registry. Cargo assumes that a version from a registry never changes, so the version
/// contains a hash of the sources.
fn unpack(crates: &[PathBuf], registry: &Path) -> Result<String> {
    let entries = fs::read_dir(registry);
    let entries = entries.with_context(|| format!("cannot read {}", registry.display()))?;
    for entry in entries.flatten() {
        if entry.path().join(MADE).is_file() {
            files::remove(&entry.path())?;
        }
    }
    let (mut all, mut sums) = (Sha256::new(), BTreeMap::new());
    let mut folders = Vec::new();
    for path in crates {
        let packed = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Archive::new(GzDecoder::new(&*packed))
            .unpack(registry)
            .with_context(|| format!("cannot unpack {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default();
        let folder = registry.join(name);
        add(&folder, &mut all)?;
        let package = name.to_string_lossy();
        let package = package.rsplit_once('-').map_or(&*package, |(name, _)| name);
        sums.insert(package.to_owned(), hex::encode(Sha256::digest(&packed)));
        folders.push((package.to_owned(), folder));
    }
    let mut hash = hex::encode(all.finalize());
    hash.truncate(16);
    let version = format!("{}+{hash}", env!("CARGO_PKG_VERSION"));
    for (package, folder) in folders {
        for file in ["Cargo.toml", "Cargo.lock"] {
            let path = folder.join(file);
            if path.is_file() {
                let text = named(&files::read(&path)?, &sums, &version);
                files::write(&path, &text)?;
            }
        }
        let sum: Value = json!({"files": {}, "package": sums.get(&package)});
        files::write(&folder.join(".cargo-checksum.json"), &sum.to_string())?;
        files::write(&folder.join(MADE), "")?;
    }
    Ok(version)
}

/// Marks a folder of the registry as made from this workspace.
const MADE: &str = ".of-this-workspace";

/// Replaces the version of our packages in a manifest or a lock file.
fn named(text: &str, ours: &BTreeMap<String, String>, version: &str) -> String {
    let own = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let mut is_ours = false;
    let lines = text.lines().map(|line| {
        if let Some(name) = line.strip_prefix("name = ") {
            is_ours = ours.contains_key(name.trim_matches('"'));
        }
        if is_ours && line == own {
            return format!("version = \"{version}\"\n");
        }
        format!("{line}\n")
    });
    lines.collect()
}

/// Hashes the files of a folder, except the one that records the commit.
fn add(folder: &Path, all: &mut Sha256) -> Result<()> {
    let entries = fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            add(&path, all)?;
        } else if !path.ends_with(".cargo_vcs_info.json") {
            let content =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            all.update(path.file_name().unwrap_or_default().as_encoded_bytes());
            all.update(content.len().to_le_bytes());
            all.update(content);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_packages_have_the_version_that_says_what_they_are_of() {
        let ours = BTreeMap::from([("guru-core".to_owned(), String::new())]);
        let own = env!("CARGO_PKG_VERSION");
        let text = format!(
            "name = \"guru-core\"\nversion = \"{own}\"\nname = \"other\"\nversion = \"{own}\"\n"
        );
        let named = named(&text, &ours, "9");
        assert_eq!(
            named,
            format!(
                "name = \"guru-core\"\nversion = \"9\"\nname = \"other\"\nversion = \"{own}\"\n"
            )
        );
    }
}
