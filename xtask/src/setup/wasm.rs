//! The WebAssembly targets, including that of the core's own tests, in the user's own toolchain or in one built beside it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use guru_toolbox::items::{
    Item, State,
    wasm::{NAME, active_sysroot, add, has_all},
};

use super::{compiler::TRIPLES, debian, prefix, rustup};
use crate::{apt, console::Console, home::Home};

/// The toolchain that has the targets.
enum Source {
    /// The toolchain of the `rustc` on PATH.
    Active,
    /// The toolchain that was built here, in this folder.
    Own(PathBuf),
}

/// The item of the targets.
pub(super) struct Targets;

impl Item for Targets {
    fn name(&self) -> &'static str {
        NAME
    }

    fn why(&self) -> &'static str {
        "build functions for every vendor that takes WebAssembly, and the core without std"
    }

    fn check(&self, home: &Home) -> Result<State> {
        let found = |place: &str| State::Found {
            detail: format!("{} in {place}", TRIPLES.join(", ")),
        };
        Ok(match source(home) {
            Some(Source::Active) => found("the active toolchain"),
            Some(Source::Own(prefix)) => found(&prefix.display().to_string()),
            None => State::Missing {
                how: how(which::which("rustup").is_ok(), apt::is_here()),
            },
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        let refusal = match add(home, console, &TRIPLES) {
            Ok(()) => return Ok(()),
            Err(error) => rustup::reason(&error),
        };
        if !apt::is_here() {
            bail!(
                "rustup could not add the targets ({refusal}), and this system has no apt to get them from \
                 Debian's packages; go online and run `rustup target add {}`",
                TRIPLES.join(" ")
            );
        }
        console.note(&format!(
            "  rustup could not add them ({refusal}); making them from Debian's packages"
        ));
        debian::install(home, console)
    }
}

/// The name of Guru's toolchain in rustup, for people who type `cargo +guru-wasm`; no command of ours needs it.
pub(super) struct Link;

impl Item for Link {
    fn name(&self) -> &'static str {
        "rustup link"
    }

    fn why(&self) -> &'static str {
        "lets `cargo +guru-wasm` build for the wasm targets by hand"
    }

    fn runs(&self) -> bool {
        false
    }

    fn required(&self) -> bool {
        false
    }

    fn check(&self, home: &Home) -> Result<State> {
        let prefix = match source(home) {
            Some(Source::Own(prefix)) => prefix,
            Some(Source::Active) => {
                return Ok(State::Found {
                    detail: "not needed: plain `cargo` builds for them".to_owned(),
                });
            }
            None => {
                return Ok(State::Missing {
                    how: "comes with the wasm targets".to_owned(),
                });
            }
        };
        if which::which("rustup").is_err() {
            return Ok(State::Found {
                detail: "not needed: there is no rustup".to_owned(),
            });
        }
        Ok(match rustup::linked()? {
            Some(found) if found == prefix => State::Found {
                detail: format!("{} is {}", rustup::NAME, prefix.display()),
            },
            Some(other) => State::Missing {
                how: format!(
                    "{} is {}; `guru setup` links it to {}",
                    rustup::NAME,
                    other.display(),
                    prefix.display()
                ),
            },
            None => State::Missing {
                how: format!("`guru setup` links {}", prefix.display()),
            },
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        match source(home) {
            Some(Source::Own(prefix)) => rustup::link(home, console, &prefix),
            _ => bail!("there is no toolchain of Guru's to link"),
        }
    }
}

fn source(home: &Home) -> Option<Source> {
    if active_sysroot().is_ok_and(|sysroot| has_all(&sysroot, &TRIPLES)) {
        return Some(Source::Active);
    }
    let prefix = home.toolchain();
    prefix::is_whole(&prefix).then_some(Source::Own(prefix))
}

fn how(rustup: bool, apt: bool) -> String {
    let by_rustup = format!("`rustup target add {}`", TRIPLES.join(" "));
    match (rustup, apt) {
        (true, true) => format!(
            "`cargo guru setup` runs {by_rustup}; where rustup cannot reach its server, it makes them from Debian's \
             packages {}",
            debian::PACKAGES.join(", ")
        ),
        (true, false) => format!("`cargo guru setup` runs {by_rustup}"),
        (false, true) => format!(
            "`cargo guru setup` makes them from Debian's packages {}",
            debian::PACKAGES.join(", ")
        ),
        (false, false) => format!("install rustup, then {by_rustup}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_machine_is_told_what_to_do() {
        for (rustup, apt, word) in [
            (true, true, "Debian"),
            (true, false, "rustup target add"),
            (false, true, "Debian"),
            (false, false, "install rustup"),
        ] {
            assert!(how(rustup, apt).contains(word), "{rustup} {apt}");
        }
    }
}
