//! Where Guru itself comes from: a folder of its sources, or the registry. Knows what its sources look like, not who is built of
//! them.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

/// Names a folder with Guru's sources: functions, and what hosts them, are then built of those, whatever a manifest says.
pub const SOURCE: &str = "GURU_SOURCE";

/// Where Guru itself comes from, for what hosts a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder of its sources.
    Folder(PathBuf),
    /// A checkout of cargo's own, in which nothing must be built.
    Checkout(PathBuf),
    /// The registry, with the version that the function is made with.
    Registry(String),
}

/// The folder that [`SOURCE`] names.
#[must_use]
pub fn named_source() -> Option<PathBuf> {
    let named = env::var_os(SOURCE).filter(|named: &OsString| !named.is_empty());
    named.map(PathBuf::from)
}

/// A folder of Guru's sources, if it is one.
///
/// # Errors
///
/// When it is none.
pub fn sources(folder: &Path) -> Result<Source> {
    if !folder.join("host").join("Cargo.toml").is_file() {
        bail!(
            "{} is not a folder of Guru's sources: there is no host/Cargo.toml in it",
            folder.display()
        );
    }
    Ok(Source::Folder(folder.to_owned()))
}
