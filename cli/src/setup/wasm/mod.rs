//! The WebAssembly targets: in the user's own toolchain, or in one that Guru makes beside it.
//! Knows the two ways to get them, not how either works inside.

mod debian;
mod linkers;
mod prefix;
mod rustup;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::{Item, State, apt};
use crate::{args::Target, child, console::Console, home::Home, surroundings};

/// The targets that functions, and the core, are built for.
const TRIPLES: [&str; 3] = ["wasm32-unknown-unknown", "wasm32-wasip2", "wasm32v1-none"];

/// The vendors that take WebAssembly.
const COMPILED: [Target; 4] = [
    Target::Cloudflare,
    Target::Spin,
    Target::Wasi,
    Target::Lambda,
];

/// Where the targets are.
enum Source {
    /// In the toolchain that `rustc` on PATH stands for.
    Active,
    /// In the toolchain that Guru made, in this folder.
    Own(PathBuf),
}

/// The targets themselves.
pub(super) struct Targets;

impl Item for Targets {
    fn name(&self) -> &'static str {
        "wasm targets"
    }

    fn why(&self) -> &'static str {
        "build functions for Cloudflare, Spin and Lambda, and the core without std"
    }

    fn targets(&self) -> &'static [Target] {
        &COMPILED
    }

    fn check(&self, home: &Home) -> Result<State> {
        Ok(match source(home) {
            Some(Source::Active) => State::Found {
                detail: format!("{} in the active toolchain", TRIPLES.join(", ")),
            },
            Some(Source::Own(prefix)) => State::Found {
                detail: format!("{} in {}", TRIPLES.join(", "), prefix.display()),
            },
            None => State::Missing {
                how: how(which::which("rustup").is_ok(), apt::is_here()),
            },
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        let refusal = match rustup::add(home, console) {
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

    fn targets(&self) -> &'static [Target] {
        &COMPILED
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

/// A cargo that can build for all the wasm targets, whichever way they were obtained.
pub(crate) fn wasm_cargo(home: &Home) -> Result<Command> {
    match source(home) {
        Some(Source::Active) => Ok(surroundings::command("cargo")),
        Some(Source::Own(prefix)) => own_cargo(&prefix),
        None => bail!(
            "the wasm targets are missing: {}",
            how(which::which("rustup").is_ok(), apt::is_here())
        ),
    }
}

/// The cargo of Guru's own toolchain. It is chosen by path, so no rustup and no link is needed; `RUSTUP_TOOLCHAIN`
/// and PATH are for what builds call in their turn.
fn own_cargo(prefix: &Path) -> Result<Command> {
    let bin = prefix.join("bin");
    let mut command = surroundings::command(bin.join("cargo"));
    surroundings::forget_toolchain(&mut command)
        .env("RUSTC", bin.join("rustc"))
        .env("RUSTDOC", bin.join("rustdoc"))
        .env("RUSTUP_TOOLCHAIN", prefix)
        .env("PATH", first_on_path(&bin, env::var_os("PATH"))?);
    Ok(command)
}

fn first_on_path(folder: &Path, path: Option<OsString>) -> Result<OsString> {
    let rest = path.unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(&rest));
    env::join_paths(folders).with_context(|| {
        format!(
            "{} cannot be put on PATH; choose another GURU_HOME",
            folder.display()
        )
    })
}

fn source(home: &Home) -> Option<Source> {
    if active_sysroot().is_ok_and(|sysroot| has_all(&sysroot)) {
        return Some(Source::Active);
    }
    let prefix = home.toolchain();
    prefix::is_whole(&prefix).then_some(Source::Own(prefix))
}

/// The folder of the toolchain that `rustc` on PATH stands for.
pub(super) fn active_sysroot() -> Result<PathBuf> {
    let said = child::output(surroundings::command("rustc").args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(said.trim()))
}

/// Whether a toolchain has a core library for each target.
fn has_all(sysroot: &Path) -> bool {
    TRIPLES.iter().all(|triple| {
        let Ok(entries) = fs::read_dir(libraries(sysroot, triple)) else {
            return false;
        };
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

/// Where a toolchain keeps a target's libraries.
fn libraries(sysroot: &Path, triple: &str) -> PathBuf {
    sysroot.join("lib/rustlib").join(triple).join("lib")
}

fn how(rustup: bool, apt: bool) -> String {
    let by_rustup = format!("`rustup target add {}`", TRIPLES.join(" "));
    match (rustup, apt) {
        (true, true) => format!(
            "`guru setup` runs {by_rustup}; where rustup cannot reach its server, it makes them from Debian's \
             packages {}",
            debian::PACKAGES.join(", ")
        ),
        (true, false) => format!("`guru setup` runs {by_rustup}"),
        (false, true) => format!(
            "`guru setup` makes them from Debian's packages {}",
            debian::PACKAGES.join(", ")
        ),
        (false, false) => format!("install rustup, then {by_rustup}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_counts_only_with_every_target() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_all(folder.path()));
        for (made, triple) in TRIPLES.iter().enumerate() {
            assert!(!has_all(folder.path()), "with {made}");
            let libraries = libraries(folder.path(), triple);
            fs::create_dir_all(&libraries).unwrap();
            assert!(!has_all(folder.path()), "with an empty folder");
            fs::write(libraries.join("libcore-0123.rlib"), "").unwrap();
        }
        assert!(has_all(folder.path()));
    }

    #[test]
    fn our_cargo_is_told_everything_by_path() {
        let command = own_cargo(Path::new("/home/guru wasm")).unwrap();
        let value = |name: &str| {
            command
                .get_envs()
                .find(|(key, _)| *key == name)
                .and_then(|(_, value)| value)
                .map(|v| v.to_string_lossy().into_owned())
        };
        assert_eq!(command.get_program(), "/home/guru wasm/bin/cargo");
        assert_eq!(value("RUSTC").unwrap(), "/home/guru wasm/bin/rustc");
        assert_eq!(value("RUSTUP_TOOLCHAIN").unwrap(), "/home/guru wasm");
        assert!(value("PATH").unwrap().starts_with("/home/guru wasm/bin:"));
        assert_eq!(value("CARGO_BUILD_TARGET"), None);
    }

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
