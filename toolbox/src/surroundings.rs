//! The environment of child processes. `cargo run` and rustup set variables that make a nested cargo pick the wrong toolchain;
//! they are removed here.

use std::{env, process::Command};

/// A command that inherits the environment without the variables that `cargo run` added.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(set_by_cargo_run) {
            command.env_remove(name);
        }
    }
    command
}

/// Removes the variables that would make cargo use another compiler, target or set of flags than it is configured with.
pub fn forget_toolchain(command: &mut Command) -> &mut Command {
    for name in [
        "RUSTUP_TOOLCHAIN",
        "RUSTC",
        "RUSTDOC",
        "CARGO_BUILD_RUSTC",
        "CARGO_BUILD_RUSTDOC",
        "CARGO_BUILD_TARGET",
    ] {
        command.env_remove(name);
    }
    command
}

/// Variables of the package that `cargo run` started. `RUSTUP_TOOLCHAIN` is kept: with `cargo +beta …` it is the choice of the
/// user, and the targets are looked for in that very toolchain.
fn set_by_cargo_run(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "CARGO",
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "OUT_DIR",
        "RUST_RECURSION_COUNT",
    ];
    NAMES.contains(&name)
        || name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name.starts_with("CARGO_BIN_EXE_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cargo_run_sets_is_taken_out() {
        for gone in ["CARGO", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "OUT_DIR"] {
            assert!(set_by_cargo_run(gone), "{gone}");
        }
        for kept in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_NET_OFFLINE",
            "CARGO_TERM_COLOR",
            "RUSTFLAGS",
            "RUSTUP_TOOLCHAIN",
            "PATH",
        ] {
            assert!(!set_by_cargo_run(kept), "{kept}");
        }
    }

    #[test]
    fn a_command_loses_the_variables_of_its_parent() {
        let command = command("cargo");
        let removed: Vec<_> = command
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.to_owned())
            .collect();
        // Cargo sets these variables for tests.
        assert!(removed.iter().any(|n| n == "CARGO"));
        assert!(removed.iter().any(|n| n == "CARGO_PKG_NAME"));
    }
}
