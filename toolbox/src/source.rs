//! Where Guru itself comes from: a folder of its sources, or the registry.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::{cargo, declared::Lacking, workspace::Workspace};

/// The variable that names a folder with Guru's sources, which takes the place of the registry.
pub const SOURCE: &str = "GURU_SOURCE";

/// The source of Guru's crates, from which the programs that host a function are built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder with its sources.
    Folder(PathBuf),
    /// One of cargo's git checkouts, in which nothing may be built.
    Checkout(PathBuf),
    /// The registry, with the version that the function depends on.
    Registry(String),
}

/// The folder that [`SOURCE`] names.
#[must_use]
pub fn named_source() -> Option<PathBuf> {
    let named = env::var_os(SOURCE).filter(|named: &OsString| !named.is_empty())?;
    // Cargo resolves paths against its own current directory.
    Some(std::path::absolute(&named).unwrap_or_else(|_| named.into()))
}

/// The arguments that have cargo take the crate `guru` from a folder of sources.
#[must_use]
pub fn patch(sources: &Path) -> [String; 2] {
    let path = sources.join("guru");
    let path = toml_edit::Value::from(&*path.to_string_lossy()).to_string();
    let patch = format!("patch.crates-io.guru.path={}", path.trim());
    ["--config".to_owned(), patch]
}

/// Whether a folder is one of cargo's git checkouts (`$CARGO_HOME/git/checkouts`).
#[must_use]
pub fn is_checkout(folder: &Path) -> bool {
    let parts: Vec<_> = folder
        .components()
        .map(std::path::Component::as_os_str)
        .collect();
    parts.windows(2).any(|pair| pair == ["git", "checkouts"])
}

/// Checks that a folder contains Guru's sources.
///
/// # Errors
///
/// When it does not.
pub fn sources(folder: &Path) -> Result<Source> {
    if !folder.join("host").join("Cargo.toml").is_file() {
        bail!(
            "{} is not a folder of Guru's sources: there is no host/Cargo.toml in it",
            folder.display()
        );
    }
    Ok(Source::Folder(folder.to_owned()))
}

/// Has cargo work in Guru's own sources, which are a folder's or a checkout of cargo's.
///
/// # Errors
///
/// When the function's `guru` is of the registry, where a library cannot be built by itself.
pub fn in_source(workspace: &Workspace, command: &mut Command) -> Result<()> {
    match workspace.source()? {
        Source::Folder(folder) => command.current_dir(folder),
        Source::Checkout(folder) => {
            command
                .arg("--locked")
                .env("CARGO_TARGET_DIR", cargo::target()?);
            command.current_dir(folder)
        }
        Source::Registry(_) => bail!(Lacking::new(
            "stores on Spin need Guru's own sources for now: have the function's `guru` come from a clone (`path`) or from git"
        )),
    };
    Ok(())
}
