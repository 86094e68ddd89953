//! Where Guru itself comes from: a folder of its sources, or the registry.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

/// The variable that names a folder with Guru's sources. Functions and their hosts are then built from those, whatever a manifest
/// says.
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
    let named = env::var_os(SOURCE).filter(|named: &OsString| !named.is_empty());
    named.map(PathBuf::from)
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
