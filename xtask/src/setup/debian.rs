//! The targets from Debian's packages: its compiler, and the standard library built from the packaged source.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};

use guru_toolbox::items::rust;

use super::{
    compiler::{Library, RUSTC, cargo, compiler},
    linkers, prefix,
};
use crate::{apt, child, console::Console, files, home::Home, version::Version};

/// The compiler, cargo, the standard library's source, and the C library that WASI programs start from.
pub(super) const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "wasi-libc"];

/// The name of the empty crate that the standard library is built for.
const SEED: &str = "seed";

/// Targets that are built together, and the crates of the standard library for each.
const BUILDS: [(&[&str], &str); 2] = [
    (
        &["wasm32-unknown-unknown", "wasm32-wasip2"],
        "std,panic_abort,panic_unwind",
    ),
    (&["wasm32v1-none"], "core,alloc"),
];

/// Installs the packages, builds the standard library and assembles a toolchain, all or nothing.
pub(super) fn install(home: &Home, console: Console) -> Result<()> {
    let compiler = packages(home, console)?;
    let work = home.fresh_work("guru-wasm")?;
    write_seed(&work)?;
    let mut libraries = Vec::new();
    for (triples, crates) in BUILDS {
        build(home, console, &work, triples, crates)?;
        for triple in triples {
            libraries.append(&mut built(&work, triple)?);
        }
    }
    let linkers = linkers::find_or_get(home, console, &compiler, &work)?;
    prefix::make(home, console, &compiler, &work, &libraries, &linkers)?;
    files::remove(&work)
}

/// Installs the packages and returns the output of `rustc -vV`.
fn packages(home: &Home, console: Console) -> Result<String> {
    let needed = rust::needed()?;
    let recent = |said: &String| Version::find(said).is_some_and(|v| v >= needed);
    if apt::has(&PACKAGES)
        && let Some(said) = compiler().filter(recent)
    {
        return Ok(said);
    }
    apt::install(home, console, &PACKAGES)?;
    match compiler() {
        Some(said) if recent(&said) => Ok(said),
        Some(said) => bail!(
            "Debian's {RUSTC} is `{}`, older than the {needed} that is needed; enable Debian's security updates, \
             run `apt-get update`, then `guru setup` again",
            said.lines().next().unwrap_or_default()
        ),
        None => bail!("{} is installed, but there is no {RUSTC}", PACKAGES[0]),
    }
}

fn write_seed(work: &Path) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"{SEED}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n"
    );
    let source = work.join("src");
    fs::create_dir_all(&source)
        .and_then(|()| fs::write(work.join("Cargo.toml"), manifest))
        .and_then(|()| fs::write(source.join("lib.rs"), "#![no_std]\n"))
        .with_context(|| format!("cannot write the seed crate in {}", work.display()))
}

fn build(home: &Home, console: Console, work: &Path, triples: &[&str], crates: &str) -> Result<()> {
    let step = console.step(&format!(
        "building the standard library for {}",
        triples.join(" and ")
    ));
    let mut cargo = cargo();
    cargo
        .current_dir(work)
        .args(["build", "--release", "--target-dir"])
        .arg(work.join("target"))
        .arg(format!("-Zbuild-std={crates}"));
    for triple in triples {
        cargo.args(["--target", triple]);
    }
    let log = home.log(&format!("std-{}", triples.join("-")));
    child::run(&mut cargo, &log, None, &|line| step.line(line))?;
    step.done();
    Ok(())
}

fn built(work: &Path, triple: &'static str) -> Result<Vec<Library>> {
    let folder = work.join("target").join(triple).join("release/deps");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut libraries = Vec::new();
    for entry in entries {
        let file = entry
            .with_context(|| format!("cannot read {}", folder.display()))?
            .path();
        if is_library(&file) {
            libraries.push(Library { triple, file });
        }
    }
    Ok(libraries)
}

/// A compiled library other than the seed's own.
fn is_library(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".rlib") && !name.starts_with(&format!("lib{SEED}-"))
}

#[cfg(test)]
mod tests {
    use super::{super::compiler::TRIPLES, *};

    #[test]
    fn every_target_is_built_once() {
        let mut built: Vec<_> = BUILDS.iter().flat_map(|(triples, _)| *triples).collect();
        let mut wanted: Vec<_> = TRIPLES.iter().collect();
        built.sort();
        wanted.sort();
        assert_eq!(built, wanted);
    }

    #[test]
    fn the_seed_is_no_part_of_the_standard_library() {
        assert!(is_library(Path::new("/x/libcore-12.rlib")));
        assert!(!is_library(Path::new("/x/libseed-12.rlib")));
        assert!(!is_library(Path::new("/x/libcore-12.rmeta")));
        assert!(!is_library(Path::new("/x/core-12.d")));
    }
}
