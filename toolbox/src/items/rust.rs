//! Rust itself, which Guru never installs: the user's own toolchain builds and runs everything native.

use anyhow::{Context as _, Result, bail};

use super::{Item, State};
use crate::{child, console::Console, home::Home, surroundings, version::Version};

/// The `rust-version` of the workspace.
const NEEDED: &str = env!("CARGO_PKG_RUST_VERSION");

/// The user's Rust toolchain.
pub struct Rust;

impl Item for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn why(&self) -> &'static str {
        "builds everything that runs natively"
    }

    fn check(&self, _: &Home) -> Result<State> {
        let ask = |tool: &str| child::output(surroundings::command(tool).arg("--version"));
        let (Ok(rustc), Ok(cargo)) = (ask("rustc"), ask("cargo")) else {
            return Ok(State::Missing {
                how: how(which::which("rustup").is_ok()),
            });
        };
        let found = Version::find(&rustc)
            .with_context(|| format!("`rustc --version` printed no version: {rustc:?}"))?;
        if found < needed()? {
            return Ok(State::Missing {
                how: format!("rustc is {found}; {}", how(which::which("rustup").is_ok())),
            });
        }
        let cargo = Version::find(&cargo).map_or_else(String::new, |v| format!(", cargo {v}"));
        Ok(State::Found {
            detail: format!("rustc {found}{cargo}{}", extras()),
        })
    }

    fn install(&self, _: &Home, _: Console) -> Result<()> {
        bail!(
            "Rust is not installed by Guru; {}",
            how(which::which("rustup").is_ok())
        )
    }
}

/// The oldest Rust that builds the workspace.
/// # Errors
///
/// When the manifest does not name one.
pub fn needed() -> Result<Version> {
    Version::find(NEEDED).context("the workspace's rust-version is not a version")
}

fn how(rustup: bool) -> String {
    if rustup {
        format!("`rustup update stable` gets Rust {NEEDED} or newer")
    } else {
        format!("install Rust {NEEDED} or newer with rustup, then run `guru setup` again")
    }
}

/// The missing components that only work on Guru itself needs.
fn extras() -> String {
    let Ok(sysroot) = super::wasm::active_sysroot() else {
        return String::new();
    };
    let absent: Vec<_> = [("clippy", "cargo-clippy"), ("rustfmt", "rustfmt")]
        .into_iter()
        .filter(|(_, program)| !sysroot.join("bin").join(program).exists())
        .map(|(name, _)| name)
        .collect();
    if absent.is_empty() {
        String::new()
    } else {
        format!(
            " (without {}, needed only to work on Guru itself)",
            absent.join(" and ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_names_a_version() {
        assert!(needed().unwrap() >= Version::new(1, 85, 0));
    }

    #[test]
    fn what_to_do_depends_on_rustup() {
        assert!(how(true).contains("rustup update"));
        assert!(how(false).contains("install Rust"));
    }
}
