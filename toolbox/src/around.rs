//! The workspace that encloses a new function's folder, if there is one, and how the function joins it by cargo's rules for
//! members (<https://doc.rust-lang.org/cargo/reference/workspaces.html>).

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use glob::{MatchOptions, Pattern};
use toml_edit::{Array, DocumentMut, Item, Table, value};

use crate::{child, console::Console, files, surroundings, version::Version};

/// The crate that functions depend on.
const GURU: &str = "guru";

/// Matches member patterns as cargo does: `*` does not cross a slash.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A workspace that the new function joins.
#[derive(Debug)]
pub struct ParentWorkspace {
    manifest: PathBuf,
    /// The manifest as it was found.
    text: String,
    document: DocumentMut,
    /// The function's folder, relative to the workspace's.
    member: String,
    /// The folder of the `guru` crate that the workspace's functions depend on.
    guru: Option<PathBuf>,
}

impl ParentWorkspace {
    /// Finds the workspace that `folder`, which does not exist yet, would belong to. Writes nothing. Fails where the workspace
    /// cannot be joined.
    pub fn find(folder: &Path, name: &str) -> Result<Option<Self>> {
        let folder = resolve(folder)?;
        let mut parents = folder.ancestors().skip(1);
        let Some(nearest) = parents.find(|parent| parent.join("Cargo.toml").is_file()) else {
            return Ok(None);
        };
        let manifest = match root(nearest) {
            Ok(manifest) => manifest,
            // The package's workspace is broken already: joining it is impossible, and there is nothing to harm.
            Err(error) if !is_root(&nearest.join("Cargo.toml"))? => {
                eprintln!("The function gets a workspace of its own: {error}");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let text = read(&manifest)?;
        let document: DocumentMut = text.parse().with_context(|| refusal(&manifest))?;
        // A package without `[workspace]` is not a workspace root.
        let Some(workspace) = document.get("workspace") else {
            return Ok(None);
        };
        let root = manifest.parent().context("a manifest is in a folder")?;
        let Some(member) = below(&folder, root) else {
            return Ok(None);
        };
        let is_listed = list(workspace, "members").any(|known| covers(known, &member));
        let metadata = match metadata(&manifest) {
            Ok(metadata) => Some(metadata),
            // To cargo, a pattern without a match is an error. Once the function exists, cargo is asked again.
            Err(_) if is_listed => None,
            // The workspace is broken already: joining it is impossible, and there is nothing to harm.
            Err(error) => {
                eprintln!("The function gets a workspace of its own: {error}");
                return Ok(None);
            }
        };
        let packages = metadata.as_ref().map_or(&[][..], |read| &read.packages);
        // The target directory is below the workspace, but not part of its sources.
        let mut built = vec![root.join("target")];
        built.extend(
            metadata
                .as_ref()
                .map(|read| read.target_directory.clone().into()),
        );
        if built.iter().any(|built| folder.starts_with(built)) || is_excluded(workspace, &member) {
            return Ok(None);
        }
        if let Some(other) = packages.iter().find(|known| known.name == name) {
            bail!(
                "the workspace of {} has a package `{name}` already, in {}: take another name",
                manifest.display(),
                other.manifest_path
            );
        }
        let guru = packages.iter().find_map(guru_of);
        Ok(Some(Self {
            manifest: manifest.clone(),
            text,
            document,
            member,
            guru,
        }))
    }

    /// The relative path from the function's folder to the workspace's.
    pub fn up(&self) -> String {
        "../".repeat(self.member.split('/').count())
    }

    /// Adapts a vendor's manifest to a member: what is built for these targets is in a folder a function at the workspace's top.
    pub fn place<'a>(
        &self,
        text: &str,
        name: &str,
        targets: impl IntoIterator<Item = &'a str>,
    ) -> String {
        let up = self.up();
        targets.into_iter().fold(text.to_owned(), |text, target| {
            text.replace(
                &format!("dist/{target}/"),
                &format!("{up}dist/{target}/{name}/"),
            )
        })
    }

    /// The `guru` crate that the workspace's functions depend on: a workspace cannot contain two of them.
    pub fn guru(&self) -> Option<&Path> {
        self.guru.as_deref()
    }

    /// Reports what was joined, and what is left to the user.
    pub fn tell(&self, console: Console) {
        let manifest = self.manifest.display();
        console.note(&format!("It is a member of the workspace of {manifest}."));
        let profile = self.document.get("profile");
        if profile.and_then(|profile| profile.get("release")).is_none() {
            console.note(&format!(
                "A function is smallest with this in {manifest}:\n\n    [profile.release]\n    codegen-units = 1\n    lto = \"fat\"\n    strip = \"symbols\"\n"
            ));
        }
        let ignored = fs::read_to_string(self.root().join(".gitignore")).unwrap_or_default();
        let is_ignored = ignored
            .lines()
            .any(|line| line.trim().trim_matches('/') == "dist");
        if !is_ignored {
            console.note("What `guru build` makes is in `dist` at the top of the workspace: add `/dist` to its .gitignore.");
        }
    }

    /// Adapts the manifest to a member: it inherits what the workspace defines for its packages.
    pub fn adapt(&self, manifest: &str) -> Result<String> {
        let mut own: DocumentMut = manifest.parse().context("the manifest is not TOML")?;
        // Only the root may have `[workspace]` and profiles.
        own.remove("workspace");
        own.remove("profile");
        let said = |section: &str, name: &str| -> Option<&Item> {
            self.document.get("workspace")?.get(section)?.get(name)
        };
        let package = own.get_mut("package").and_then(Item::as_table_mut);
        let package = package.context("the manifest has no package")?;
        for name in [
            "version",
            "edition",
            "rust-version",
            "license",
            "authors",
            "repository",
        ] {
            if said("package", name).is_some_and(|item| fits(name, item)) {
                package.insert(name, inherited());
            }
        }
        let is_ours = said("dependencies", GURU)
            .and_then(|item| item.get("path"))
            .and_then(Item::as_str)
            .is_some_and(|path| self.root().join(path).join("../host").is_dir());
        let dependencies = own
            .get_mut("dependencies")
            .and_then(Item::as_table_like_mut);
        if let (true, Some(dependencies)) = (is_ours, dependencies) {
            dependencies.insert(GURU, inherited());
        }
        let workspace = self.document.get("workspace");
        if workspace.is_some_and(|workspace| workspace.get("lints").is_some()) {
            let mut lints = Table::new();
            lints.insert("workspace", value(true));
            own.insert("lints", Item::Table(lints));
        }
        Ok(own.to_string())
    }

    /// Adds the function to the members, unless a pattern covers it already, and validates the workspace with cargo. On failure,
    /// the workspace's manifest is restored.
    pub fn join(&self) -> Result<()> {
        if let Some(text) = self.joined()? {
            files::write(&self.manifest, &text)?;
        }
        let checked = self.check();
        if checked.is_err() {
            self.leave()?;
        }
        checked.with_context(|| {
            format!(
                "{} cannot be a member of the workspace of {}, and nothing was written: make the function elsewhere",
                self.member,
                self.manifest.display()
            )
        })
    }

    /// Restores the workspace's manifest.
    pub fn leave(&self) -> Result<()> {
        if read(&self.manifest)? == self.text {
            return Ok(());
        }
        files::write(&self.manifest, &self.text)
    }

    fn check(&self) -> Result<()> {
        let metadata = metadata(&self.manifest)?;
        let own = self.root().join(&self.member).join("Cargo.toml");
        let is_there = |package: &Package| package.manifest_path == own;
        ensure!(
            metadata.workspace_packages().into_iter().any(is_there),
            "cargo does not take {} for a member of {}",
            self.member,
            self.manifest.display()
        );
        Ok(())
    }

    /// The workspace's manifest with the function added, or `None` if a member pattern covers it already.
    fn joined(&self) -> Result<Option<String>> {
        let mut document = self.document.clone();
        let workspace = document
            .get_mut("workspace")
            .and_then(Item::as_table_like_mut);
        let workspace = workspace.context("`workspace` is not a table")?;
        let members = workspace.entry("members").or_insert(value(Array::new()));
        let members = members
            .as_array_mut()
            .context("`workspace.members` is not a list")?;
        let known: Vec<&str> = members
            .iter()
            .filter_map(toml_edit::Value::as_str)
            .collect();
        if known.iter().any(|known| covers(known, &self.member)) {
            return Ok(None);
        }
        let place = match known.iter().position(|known| **known > *self.member) {
            Some(place) if known.is_sorted() => place,
            _ => known.len(),
        };
        // Formatted like its neighbours: on one line, or on a line of its own.
        let line = members.iter().find_map(|member| {
            let prefix = member.decor().prefix()?.as_str()?;
            let (_, indent) = prefix.rsplit_once('\n')?;
            Some(format!("\n{indent}"))
        });
        members.insert_formatted(place, value_of(&self.member, line.as_deref()));
        if line.is_none() {
            members.fmt();
        }
        Ok(Some(document.to_string()))
    }

    fn root(&self) -> &Path {
        self.manifest.parent().unwrap_or(&self.manifest)
    }
}

/// An entry of the list of members, preceded by `prefix`.
fn value_of(member: &str, prefix: Option<&str>) -> toml_edit::Value {
    toml_edit::Value::from(member).decorated(prefix.unwrap_or_default(), "")
}

/// `workspace = true`.
fn inherited() -> Item {
    let mut table = Table::new();
    table.set_dotted(true);
    table.insert("workspace", value(true));
    Item::Table(table)
}

/// Whether a setting that the workspace defines for its packages suits a function: the edition must be 2021 or later, and
/// `rust-version` must not be lower than Guru's.
fn fits(name: &str, item: &Item) -> bool {
    let oldest = Version::find(env!("CARGO_PKG_RUST_VERSION"));
    match (name, item.as_str()) {
        ("edition", Some(edition)) => !["2015", "2018"].contains(&edition),
        ("rust-version", Some(version)) => Version::find(version) >= oldest,
        ("edition" | "rust-version", None) => false,
        _ => true,
    }
}

/// Resolves links and dots in the part of the path that exists.
fn resolve(folder: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(folder)
        .with_context(|| format!("cannot resolve {}", folder.display()))?;
    let mut parents = absolute.ancestors();
    let real = parents.find_map(|parent| {
        let rest = absolute.strip_prefix(parent).ok()?;
        Some(fs::canonicalize(parent).ok()?.join(rest))
    });
    Ok(real.unwrap_or(absolute))
}

/// Whether a manifest is a workspace's.
fn is_root(manifest: &Path) -> Result<bool> {
    let document: DocumentMut = read(manifest)?.parse().with_context(|| refusal(manifest))?;
    Ok(document.contains_key("workspace"))
}

/// The manifest of a package's workspace, or of the package itself. Fails where cargo cannot read it.
pub fn root(folder: &Path) -> Result<PathBuf> {
    let words = ["locate-project", "--workspace", "--message-format=plain"];
    let said = child::output(
        surroundings::command("cargo")
            .current_dir(folder)
            .args(words),
    );
    let said = said.with_context(|| refusal(&folder.join("Cargo.toml")))?;
    Ok(PathBuf::from(said.trim()))
}

/// What cargo says of the packages of a manifest, without what they depend on. Fails where it cannot read them.
pub fn metadata(manifest: &Path) -> Result<Metadata> {
    MetadataCommand::new()
        .no_deps()
        .env_remove("CARGO")
        .cargo_path("cargo")
        .current_dir(manifest.parent().unwrap_or(manifest))
        .manifest_path(manifest)
        .exec()
        .with_context(|| refusal(manifest))
}

fn refusal(manifest: &Path) -> String {
    format!(
        "the function would be in the workspace of {}, which cargo cannot read: mend that first, or make the function elsewhere",
        manifest.display()
    )
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The path relative to the workspace's folder, in manifest notation.
fn below(folder: &Path, root: &Path) -> Option<String> {
    let parts = folder.strip_prefix(root).ok()?.components();
    let parts: Option<Vec<_>> = parts
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    parts.map(|parts| parts.join("/"))
}

/// A list of paths in a manifest's `[workspace]`.
fn list<'a>(workspace: &'a Item, name: &str) -> impl Iterator<Item = &'a str> {
    let list = workspace.get(name).and_then(Item::as_array);
    list.into_iter()
        .flatten()
        .filter_map(toml_edit::Value::as_str)
}

/// Whether the workspace excludes a folder and has neither it nor an enclosing folder as a member.
fn is_excluded(workspace: &Item, member: &str) -> bool {
    let is_in = |folder: &str| Path::new(member).starts_with(tidy(folder));
    list(workspace, "exclude").any(is_in) && !list(workspace, "members").any(is_in)
}

fn covers(pattern: &str, member: &str) -> bool {
    let pattern = tidy(pattern);
    let by_pattern =
        Pattern::new(pattern).is_ok_and(|pattern| pattern.matches_with(member, OPTIONS));
    by_pattern || pattern == member
}

fn tidy(path: &str) -> &str {
    path.trim_start_matches("./").trim_end_matches('/')
}

/// The folder of the `guru` crate that a package depends on.
fn guru_of(package: &Package) -> Option<PathBuf> {
    let mut all = package.dependencies.iter();
    let guru = all.find(|dependency| dependency.name == GURU)?;
    guru.path.clone().map(Into::into)
}
