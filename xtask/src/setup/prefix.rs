//! The folder of Guru's own toolchain: Debian's compiler with a sysroot that has the wasm targets.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use guru_toolbox::items::wasm::{has_all, ingredients, libraries};

use super::{
    compiler::{Library, RUSTC, TRIPLES, compiler},
    linkers::{self, Linkers},
};
use crate::{child, console::Console, files, home::Home, stamp};

/// Debian's C library for WASI, and the parts of it that every program is linked with.
const WASI_LIBC: &str = "/usr/lib/wasm32-wasi";
const WASI_PARTS: [&str; 3] = ["crt1-command.o", "crt1-reactor.o", "libc.a"];

/// Whether the folder is complete, made by this version of Guru and for the compiler that is installed now.
pub(super) fn is_whole(prefix: &Path) -> bool {
    if !stamp::exists(prefix) {
        return false;
    }
    compiler().is_some_and(|compiler| {
        let host = linkers::field(&compiler, "host").unwrap_or_default();
        stamp::is_current(prefix, &ingredients(&compiler))
            && has_all(prefix, &TRIPLES)
            && linkers::are_in(&tools(prefix, host))
    })
}

/// Assembles the toolchain in the work folder, tests it, and moves it into place.
pub(super) fn make(
    home: &Home,
    console: Console,
    compiler: &str,
    work: &Path,
    built: &[Library],
    linkers: &Linkers,
) -> Result<()> {
    let step = console.step("putting the toolchain together");
    let made = work.join("prefix");
    let place = home.toolchain();
    for library in built {
        let name = library.file.file_name().unwrap_or_default();
        files::copy(&library.file, &libraries(&made, library.triple).join(name))?;
    }
    for part in WASI_PARTS {
        let to = libraries(&made, "wasm32-wasip2").join("self-contained");
        files::copy(&Path::new(WASI_LIBC).join(part), &to.join(part))?;
    }
    let host = linkers::field(compiler, "host").context("rustc -vV named no host")?;
    files::link(&libraries(Path::new("/usr"), host), &libraries(&made, host))?;
    match linkers {
        Linkers::Theirs(folder) => files::link(folder, &tools(&made, host))?,
        Linkers::Ours(folder) => fs::rename(folder, tools(&made, host))
            .with_context(|| format!("cannot move {}", folder.display()))?,
    }
    files::link(Path::new("/usr/bin/cargo"), &made.join("bin/cargo"))?;
    for tool in ["rustc", "rustdoc"] {
        files::write_program(&made.join("bin").join(tool), &wrapper(tool, &place))?;
    }
    try_out(home, work, &made)?;
    stamp::write(&made, &ingredients(compiler))?;
    put_in_place(&made, &place, work)?;
    step.done();
    Ok(())
}

/// A script that runs Debian's tool with this sysroot.
fn wrapper(tool: &str, prefix: &Path) -> String {
    let prefix = child::quote(prefix.as_os_str());
    format!("#!/bin/sh\nexec /usr/bin/{tool} --sysroot {prefix} \"$@\"\n")
}

/// The folder of a toolchain's linkers.
fn tools(prefix: &Path, host: &str) -> PathBuf {
    prefix.join("lib/rustlib").join(host).join("bin")
}

/// Compiles a small program for each target, so that a broken toolchain is not installed.
fn try_out(home: &Home, work: &Path, made: &Path) -> Result<()> {
    const TRIALS: [(&str, &str, &str); 3] = [
        (
            "wasm32-wasip2",
            "bin",
            "fn main() { println!(\"hello\"); }\n",
        ),
        (
            "wasm32-unknown-unknown",
            "cdylib",
            "#[unsafe(no_mangle)] pub extern \"C\" fn f() -> usize { vec![1].len() }\n",
        ),
        (
            "wasm32v1-none",
            "lib",
            "#![no_std]\nextern crate alloc;\npub fn f() -> alloc::vec::Vec<u8> { alloc::vec![1] }\n",
        ),
    ];
    for (triple, kind, source) in TRIALS {
        let file = work.join(format!("{triple}.rs"));
        fs::write(&file, source).with_context(|| format!("cannot write {}", file.display()))?;
        let mut rustc = Command::new(RUSTC);
        rustc
            .arg("--sysroot")
            .arg(made)
            .args([
                "--edition",
                "2024",
                "--crate-type",
                kind,
                "--target",
                triple,
            ])
            .arg("-o")
            .arg(work.join(format!("{triple}.out")))
            .arg(&file);
        child::run(
            &mut rustc,
            &home.log(&format!("try-{triple}")),
            None,
            &|_| {},
        )
        .with_context(|| format!("the new toolchain cannot build for {triple}"))?;
    }
    Ok(())
}

fn put_in_place(made: &Path, place: &Path, work: &Path) -> Result<()> {
    let Some(parent) = place.parent() else {
        bail!("{} is no place for a toolchain", place.display());
    };
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    // Moved aside rather than deleted in place: a partially deleted folder would still have its stamp.
    if fs::symlink_metadata(place).is_ok() {
        let old = work.join("old");
        fs::rename(place, &old)
            .with_context(|| format!("cannot move the old {} away", place.display()))?;
    }
    fs::rename(made, place).with_context(|| format!("cannot move {}", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrapper_survives_any_path() {
        assert_eq!(
            wrapper("rustc", Path::new("/a/b")),
            "#!/bin/sh\nexec /usr/bin/rustc --sysroot /a/b \"$@\"\n"
        );
        assert!(wrapper("rustc", Path::new("/it's here")).contains(r"'/it'\''s here'"));
    }

    #[test]
    fn a_folder_without_a_stamp_is_not_whole() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_whole(folder.path()));
        stamp::write(folder.path(), "revision 0\nrustc 1.0.0\n").unwrap();
        assert!(!is_whole(folder.path()));
    }

    #[cfg(unix)]
    #[test]
    fn a_new_toolchain_replaces_the_old_one_whole() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, file) in [
            ("made", "new"),
            ("toolchains/guru-wasm", "old"),
            ("work", "x"),
        ] {
            fs::create_dir_all(at(name)).unwrap();
            fs::write(at(name).join(file), "").unwrap();
        }
        put_in_place(&at("made"), &at("toolchains/guru-wasm"), &at("work")).unwrap();
        assert!(at("toolchains/guru-wasm/new").exists());
        assert!(!at("toolchains/guru-wasm/old").exists());
    }
}
