//! Links Guru's toolchain into rustup.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{child, console::Console, home::Home, surroundings};

/// The name of Guru's toolchain in rustup.
pub(super) const NAME: &str = "guru-wasm";

/// A download that stalls for this long is given up.
const SILENCE: Duration = Duration::from_secs(120);

/// Why `add` failed, in one short line; the log has the rest.
pub(super) fn reason(error: &anyhow::Error) -> String {
    error
        .downcast_ref::<child::Failure>()
        .map_or_else(|| error.to_string(), |f| first_words(f.reason()))
}

/// The error without the chain of causes that rustup prints on the same line.
fn first_words(line: &str) -> String {
    let line = line.strip_prefix("error: ").unwrap_or(line);
    line.split_once(": ")
        .map_or(line, |(first, _)| first)
        .to_owned()
}

/// The current target of the link, even if it no longer exists.
pub(super) fn linked() -> Result<Option<PathBuf>> {
    Ok(fs::read_link(place()?).ok())
}

/// Links the name to this toolchain, replacing any existing link.
pub(super) fn link(home: &Home, console: Console, prefix: &Path) -> Result<()> {
    let place = place()?;
    if fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink()) {
        fs::remove_file(&place)
            .with_context(|| format!("cannot remove the old link {}", place.display()))?;
    }
    let step = console.step(&format!("rustup toolchain link {NAME}"));
    child::run(
        surroundings::command("rustup")
            .args(["toolchain", "link", NAME])
            .arg(prefix),
        &home.log("rustup-link"),
        Some(SILENCE),
        &|line| step.line(line),
    )?;
    step.done();
    Ok(())
}

/// The path of the link.
fn place() -> Result<PathBuf> {
    let home = child::output(surroundings::command("rustup").args(["show", "home"]))?;
    Ok(Path::new(home.trim()).join("toolchains").join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_few_words() {
        let said =
            "error: component download failed for rust-std: could not download: Connection refused";
        assert_eq!(first_words(said), "component download failed for rust-std");
        assert_eq!(first_words("nothing here"), "nothing here");
    }
}
