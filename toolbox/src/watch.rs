//! Watches the sources of a function and of the local crates that it depends on.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::{
    migrations,
    settings::{self, SECRETS},
    workspace::Workspace,
};

/// The debounce: editors write a file in several steps, and changes within this time count as one.
const QUIET: Duration = Duration::from_millis(100);

/// A file that keeps changing for longer triggers a build anyway.
const PATIENCE: Duration = Duration::from_secs(2);

/// The extensions that count beside a manifest: other files there may be the function's own output.
const KINDS: [&str; 6] = ["rs", "sql", "toml", "json", "yaml", "yml"];

/// Files without such an extension that count.
const SETTINGS: [&str; 2] = [settings::FILE, SECRETS];

/// What tools write beside a manifest while they build.
const MADE: [&str; 8] = [
    "Cargo.lock",
    "dist",
    "target",
    ".aws-sam",
    ".git",
    ".spin",
    ".wrangler",
    "node_modules",
];

/// A watcher of file changes.
pub struct Watch {
    changes: Receiver<PathBuf>,
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Starts watching.
    pub fn start(workspace: &Workspace, function: &str) -> Result<Self> {
        let (sender, changes) = mpsc::channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            for path in event.paths.into_iter().filter(|path| counts(path)) {
                // At the end nobody receives any more.
                drop(sender.send(path));
            }
        })
        .context("cannot look for changes; --no-watch does without")?;
        let mut folders = folders(workspace, function)?;
        // The folder of the vendors' manifests and the settings.
        folders.extend(workspace.place_of(function).map(Path::to_owned));
        for folder in folders {
            let [source, migrations] = ["src", migrations::FOLDER].map(|name| folder.join(name));
            for (path, mode) in [
                (&folder, RecursiveMode::NonRecursive),
                (&source, RecursiveMode::Recursive),
                (&migrations, RecursiveMode::Recursive),
            ] {
                if path.is_dir() {
                    watcher.watch(path, mode).with_context(|| {
                        format!(
                            "cannot look for changes in {}; --no-watch does without",
                            path.display()
                        )
                    })?;
                }
            }
        }
        Ok(Self {
            changes,
            _watcher: watcher,
        })
    }

    /// Returns the file that changed first, once changes have settled; `None` when nothing changed within `patience`.
    pub fn changed(&self, patience: Duration) -> Option<PathBuf> {
        let mut shown = self.changes.recv_timeout(patience).ok()?;
        let deadline = Instant::now() + PATIENCE;
        while let Ok(path) = self.changes.recv_timeout(QUIET)
            && Instant::now() < deadline
        {
            // Editors write a temporary file and then rename it.
            if !shown.exists() {
                shown = path;
            }
        }
        Some(shown)
    }
}

/// Whether a change of this file can affect the function. Build output and editors' own files do not.
fn counts(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_editors =
        name.starts_with('.') || name.ends_with('~') || name.ends_with(".swp") || name == "4913";
    let is_source = path.components().any(|part| part.as_os_str() == "src");
    let kind = path.extension().unwrap_or_default().to_string_lossy();
    let is_kept = !is_editors && !MADE.contains(&&*name) && (is_source || KINDS.contains(&&*kind));
    is_kept || SETTINGS.contains(&&*name)
}

/// The folders of the function and of the local packages that it depends on.
fn folders(workspace: &Workspace, function: &str) -> Result<BTreeSet<PathBuf>> {
    let metadata = MetadataCommand::new()
        .env_remove("CARGO")
        .cargo_path("cargo")
        .current_dir(workspace.root())
        .exec()
        .context("cannot read what the function is built of")?;
    Ok(local(&metadata, function))
}

/// Follows the dependencies in the manifests, not cargo's resolution: the vendor decides which adapter is enabled.
fn local(metadata: &Metadata, function: &str) -> BTreeSet<PathBuf> {
    let ours = metadata.packages.iter();
    let ours = ours.filter(|package| package.source.is_none());
    let packages: BTreeMap<PathBuf, _> = ours
        .filter_map(|package| Some((package.manifest_path.parent()?.into(), package)))
        .collect();
    let own = packages
        .iter()
        .find(|(_, package)| package.name == function);
    let mut ahead: Vec<_> = own.map(|(folder, _)| folder.clone()).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(folder) = ahead.pop() {
        let needs = packages.get(&folder).map(|package| &package.dependencies);
        let needs = needs.into_iter().flatten();
        let needs = needs.filter(|needed| needed.kind != DependencyKind::Development);
        // A registry dependency may be patched to a folder.
        let found = needs.filter_map(|needed| match &needed.path {
            Some(path) => Some(path.clone().into()),
            None => {
                let mut all = packages.iter();
                let (folder, _) = all.find(|(_, package)| package.name == needed.name)?;
                Some(folder.clone())
            }
        });
        let found: Vec<PathBuf> = found.collect();
        if seen.insert(folder) {
            ahead.extend(found);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_built_of_itself_and_the_crates_below_it() {
        let workspace = Workspace::find().unwrap();
        let found = folders(&workspace, "meditations").unwrap();
        let root = workspace.root();
        for folder in [
            "functions/meditations",
            "guru",
            "core",
            "adapters/native",
            "adapters/wasi",
            "targets/cloudflare",
        ] {
            assert!(found.contains(&root.join(folder)), "{folder} in {found:?}");
        }
        for folder in ["functions/probe", "cli", "tests", "targets/lambda"] {
            assert!(!found.contains(&root.join(folder)), "{folder} in {found:?}");
        }
    }

    #[test]
    fn what_tools_and_editors_make_does_not_count() {
        for path in [
            "a/src/lib.rs",
            "a/Cargo.toml",
            "a/openapi.json",
            "a/.env",
            "a/.dev.vars",
        ] {
            assert!(counts(Path::new(path)), "{path}");
        }
        for path in [
            "a/dist",
            "a/Cargo.lock",
            "a/src/.lib.rs.swp",
            "a/src/lib.rs~",
            "a/src/4913",
            "a/dev.log",
            "a/.env.swp",
            "a/.spin.dev-7.toml",
        ] {
            assert!(!counts(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_change_is_seen_once() {
        let workspace = Workspace::find().unwrap();
        let watch = Watch::start(&workspace, "meditations").unwrap();
        assert_eq!(watch.changed(Duration::from_millis(1)), None);
    }
}
