//! Debian's compiler, and what it compiles for. Knows what it is called with, not what for.

use std::{path::PathBuf, process::Command};

use crate::{child, surroundings};

/// What functions are built for, and what has no standard library at all.
pub(super) const TRIPLES: [&str; 3] = ["wasm32-unknown-unknown", "wasm32-wasip2", "wasm32v1-none"];

/// Where Debian puts its compiler.
pub(super) const RUSTC: &str = "/usr/bin/rustc";

const CARGO: &str = "/usr/bin/cargo";

/// A compiled library: the target it is for, and the file.
pub(super) struct Library {
    pub(super) triple: &'static str,
    pub(super) file: PathBuf,
}

/// Debian's compiler as it describes itself, if it is there.
pub(super) fn compiler() -> Option<String> {
    child::output(Command::new(RUSTC).arg("-vV")).ok()
}

/// Debian's cargo with Debian's compiler, allowed to build the standard library, and no flags but those of the
/// standard library that rustup hands out.
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
