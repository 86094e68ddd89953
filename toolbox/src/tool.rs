//! Locates vendors' programs.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use anyhow::{Context as _, Result};

/// The program that the user names in a variable, else the result of `otherwise`.
pub fn find(variable: &str, otherwise: impl FnOnce() -> Option<PathBuf>) -> Option<PathBuf> {
    let named = env::var_os(variable).filter(|named| !named.is_empty());
    named.map(PathBuf::from).or_else(otherwise)
}

/// The path of this executable. It is determined at startup: cargo may replace the file while it runs, and the system then
/// reports it as deleted.
pub fn own() -> Result<&'static Path> {
    static OWN: OnceLock<Option<PathBuf>> = OnceLock::new();
    let own = OWN.get_or_init(|| env::current_exe().ok());
    own.as_deref().context("cannot find this very command")
}

/// PATH with this executable's folder in front, since a vendor's tool may run `guru` as its build command.
pub fn path_with_guru() -> Result<OsString> {
    let own = own()?.parent().map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(own.into_iter().chain(env::split_paths(&path)))
        .context("the folder of this command cannot be part of PATH")
}
