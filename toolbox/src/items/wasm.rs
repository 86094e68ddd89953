//! The WebAssembly targets, in the user's own toolchain or in one that Guru builds beside it.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::{Item, State};
use crate::{child, console::Console, home::Home, stamp, surroundings};

/// The targets that functions are built for.
pub const TRIPLES: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip2"];

/// The name of the item.
pub const NAME: &str = "wasm targets";

/// A download that stalls for this long is given up.
const SILENCE: Duration = Duration::from_secs(120);

/// The toolchain that has the targets.
enum Source {
    /// The toolchain of the `rustc` on PATH.
    Active,
    /// The toolchain that Guru built, in this folder.
    Own(PathBuf),
}

/// The item of the targets.
pub struct Targets;

impl Item for Targets {
    fn name(&self) -> &'static str {
        NAME
    }

    fn why(&self) -> &'static str {
        "build functions for every vendor that takes WebAssembly"
    }

    fn check(&self, home: &Home) -> Result<State> {
        Ok(match source(home, &TRIPLES) {
            Some(Source::Active) => State::Found {
                detail: format!("{} in the active toolchain", TRIPLES.join(", ")),
            },
            Some(Source::Own(prefix)) => State::Found {
                detail: format!("{} in {}", TRIPLES.join(", "), prefix.display()),
            },
            None => State::Missing {
                how: how(which::which("rustup").is_ok()),
            },
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        add(home, console, &TRIPLES)
    }
}

/// Adds targets to the active toolchain with rustup.
///
/// # Errors
///
/// When there is no rustup, or it fails.
pub fn add(home: &Home, console: Console, triples: &[&str]) -> Result<()> {
    if which::which("rustup").is_err() {
        bail!("there is no rustup on PATH: {}", how(false));
    }
    let step = console.step("rustup target add");
    child::run(
        surroundings::command("rustup")
            .args(["target", "add"])
            .args(triples)
            .env("RUST_BACKTRACE", "0"),
        &home.log("rustup-target-add"),
        Some(SILENCE),
        &|line| step.line(line),
    )?;
    step.done();
    Ok(())
}

/// A cargo that can build for the wasm targets of functions, from whichever toolchain has them.
///
/// # Errors
///
/// When no toolchain here has them.
pub fn wasm_cargo(home: &Home) -> Result<Command> {
    wasm_cargo_for(home, &TRIPLES)
}

/// A cargo that can build for these targets, from whichever toolchain has them.
///
/// # Errors
///
/// When no toolchain here has them.
pub fn wasm_cargo_for(home: &Home, triples: &[&str]) -> Result<Command> {
    match source(home, triples) {
        Some(Source::Active) => Ok(surroundings::command("cargo")),
        Some(Source::Own(prefix)) => own_cargo(&prefix),
        None => bail!(
            "the targets {} are missing: {}",
            triples.join(", "),
            how(which::which("rustup").is_ok())
        ),
    }
}

/// The cargo of Guru's own toolchain. It is run by its path, so neither rustup nor a link is needed; `RUSTUP_TOOLCHAIN` and PATH
/// are for the programs that builds start.
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

fn source(home: &Home, triples: &[&str]) -> Option<Source> {
    if active_sysroot().is_ok_and(|sysroot| has_all(&sysroot, triples)) {
        return Some(Source::Active);
    }
    let prefix = home.toolchain();
    (has_all(&prefix, triples) && is_current(&prefix)).then_some(Source::Own(prefix))
}

/// Incremented when the toolchain is built in another way.
const REVISION: u32 = 1;

/// What a toolchain was built from, for its stamp.
#[must_use]
pub fn ingredients(compiler: &str) -> String {
    format!("revision {REVISION}\n{compiler}")
}

/// Whether Guru's own toolchain is complete, and was built for the compiler that it runs now.
fn is_current(prefix: &Path) -> bool {
    let rustc = prefix.join("bin").join("rustc");
    let compiler = child::output(Command::new(rustc).arg("-vV"));
    compiler.is_ok_and(|compiler| stamp::is_current(prefix, &ingredients(&compiler)))
}

/// The sysroot of the `rustc` on PATH.
///
/// # Errors
///
/// When rustc does not report it.
pub fn active_sysroot() -> Result<PathBuf> {
    let said = child::output(surroundings::command("rustc").args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(said.trim()))
}

/// Whether a toolchain has a core library for each target.
#[must_use]
pub fn has_all(sysroot: &Path, triples: &[&str]) -> bool {
    triples.iter().all(|triple| {
        let Ok(entries) = fs::read_dir(libraries(sysroot, triple)) else {
            return false;
        };
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

/// The folder of a target's libraries in a toolchain.
#[must_use]
pub fn libraries(sysroot: &Path, triple: &str) -> PathBuf {
    sysroot.join("lib/rustlib").join(triple).join("lib")
}

fn how(has_rustup: bool) -> String {
    let by_rustup = format!("`rustup target add {}`", TRIPLES.join(" "));
    if has_rustup {
        format!("`guru setup` runs {by_rustup}")
    } else {
        format!("install rustup, then {by_rustup}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_counts_only_with_every_target() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_all(folder.path(), &TRIPLES));
        for (made, triple) in TRIPLES.iter().enumerate() {
            assert!(!has_all(folder.path(), &TRIPLES), "with {made}");
            let libraries = libraries(folder.path(), triple);
            fs::create_dir_all(&libraries).unwrap();
            assert!(!has_all(folder.path(), &TRIPLES), "with an empty folder");
            fs::write(libraries.join("libcore-0123.rlib"), "").unwrap();
        }
        assert!(has_all(folder.path(), &TRIPLES));
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
        for (has_rustup, word) in [(true, "guru setup"), (false, "install rustup")] {
            assert!(how(has_rustup).contains(word), "{has_rustup}");
        }
    }
}
