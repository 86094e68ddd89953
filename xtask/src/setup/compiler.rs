//! Debian's Rust compiler, and the targets it compiles for.

use std::{path::PathBuf, process::Command};

use crate::{child, surroundings};

/// The target triples of functions, and one without a standard library.
pub(super) const TRIPLES: [&str; 3] = ["wasm32-unknown-unknown", "wasm32-wasip2", "wasm32v1-none"];

/// The path of Debian's compiler.
pub(super) const RUSTC: &str = "/usr/bin/rustc";

const CARGO: &str = "/usr/bin/cargo";

/// A compiled library: its target and its path.
pub(super) struct Library {
    pub(super) triple: &'static str,
    pub(super) file: PathBuf,
}

/// The output of `rustc -vV` of Debian's compiler, if it is installed.
pub(super) fn compiler() -> Option<String> {
    child::output(Command::new(RUSTC).arg("-vV")).ok()
}

/// Debian's cargo with Debian's compiler, allowed to build the standard library, with only the flags that rustup's builds of it
/// use.
pub(super) fn cargo() -> Command {
    let mut cargo = surroundings::command(CARGO);
    surroundings::forget_toolchain(&mut cargo)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes");
    cargo
}
