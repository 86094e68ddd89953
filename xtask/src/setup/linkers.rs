//! The two linkers of the wasm targets, `rust-lld` and `wasm-component-ld`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use guru_toolbox::items::wasm::active_sysroot;

use super::compiler::cargo;
use crate::{apt, child, console::Console, files, home::Home};

/// The component linker looks for the last one beside itself.
const NAMES: [&str; 3] = ["rust-lld", "wasm-component-ld", "gcc-ld/wasm-ld"];

/// The name of the crate and of its program.
const COMPONENT_LINKER: &str = "wasm-component-ld";

/// A folder with both linkers.
pub(super) enum Linkers {
    /// An existing one, which is linked to.
    Theirs(PathBuf),
    /// One made in the work folder, which is moved along with it.
    Ours(PathBuf),
}

/// Whether all linkers are in the folder. Links are followed, so that a removed toolchain is noticed.
pub(super) fn are_in(folder: &Path) -> bool {
    NAMES.iter().all(|name| folder.join(name).exists())
}

/// Finds those of the user's rustup toolchain, else gets them from Debian and crates.io.
pub(super) fn find_or_get(
    home: &Home,
    console: Console,
    compiler: &str,
    work: &Path,
) -> Result<Linkers> {
    let host = field(compiler, "host").context("rustc -vV named no host")?;
    if let Ok(sysroot) = active_sysroot() {
        let folder = sysroot.join("lib/rustlib").join(host).join("bin");
        if are_in(&folder) {
            return Ok(Linkers::Theirs(folder));
        }
    }
    get(home, console, compiler, work).map(Linkers::Ours)
}

/// Gets Debian's LLVM linker, in the very LLVM version of the compiler, and builds the component linker from its crate.
fn get(home: &Home, console: Console, compiler: &str, work: &Path) -> Result<PathBuf> {
    let llvm = llvm_major(compiler).context("rustc -vV named no LLVM version")?;
    let package = format!("lld-{llvm}");
    if !apt::has(&[&package]) {
        apt::install(home, console, &[&package])?;
    }
    let step = console.step("building wasm-component-ld");
    let root = work.join("component-linker");
    child::run(
        cargo()
            .args(["install", COMPONENT_LINKER, "--root"])
            .arg(&root)
            .arg("--target-dir")
            .arg(work.join("component-linker-target")),
        &home.log(COMPONENT_LINKER),
        None,
        &|line| step.line(line),
    )?;
    step.done();
    let folder = work.join("linkers");
    let system = Path::new("/usr/bin");
    files::link(&system.join(&package), &folder.join("rust-lld"))?;
    files::link(
        &system.join(format!("wasm-ld-{llvm}")),
        &folder.join("gcc-ld/wasm-ld"),
    )?;
    files::copy(
        &root.join("bin").join(COMPONENT_LINKER),
        &folder.join(COMPONENT_LINKER),
    )?;
    Ok(folder)
}

/// One field of `rustc -vV`.
pub(super) fn field<'a>(compiler: &'a str, name: &str) -> Option<&'a str> {
    compiler.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        (key == name).then_some(value)
    })
}

fn llvm_major(compiler: &str) -> Option<&str> {
    field(compiler, "LLVM version")?.split('.').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\nbinary: rustc\n\
                        host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n";

    #[test]
    fn the_compiler_says_what_it_is() {
        assert_eq!(field(SAID, "host"), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(field(SAID, "release"), Some("1.96.0"));
        assert_eq!(field(SAID, "hos"), None);
        assert_eq!(llvm_major(SAID), Some("22"));
        assert_eq!(llvm_major("host: x"), None);
    }

    #[test]
    fn a_folder_without_all_linkers_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!are_in(folder.path()));
        for name in NAMES {
            assert!(!are_in(folder.path()));
            files::write_program(&folder.path().join(name), "").unwrap();
        }
        assert!(are_in(folder.path()));
    }
}
