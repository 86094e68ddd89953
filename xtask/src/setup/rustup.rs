//! rustup: gives Guru's own one a name. Knows nothing of how that was made.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{child, console::Console, home::Home, surroundings};

/// What rustup calls Guru's toolchain.
pub(super) const NAME: &str = "guru-wasm";

/// A server that has not answered for this long will not.
const SILENCE: Duration = Duration::from_secs(120);

/// One short line that says why `add` did not succeed; the log has the rest.
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

/// What the name stands for now, also when nothing is there any more.
pub(super) fn linked() -> Result<Option<PathBuf>> {
    Ok(fs::read_link(place()?).ok())
}

/// Makes the name stand for this toolchain, whatever it stood for before.
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

/// The link itself.
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
