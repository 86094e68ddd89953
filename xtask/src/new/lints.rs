//! `cargo clippy` in a new project: it has no complaints about the skeleton, and recommends the port for a call that does not
//! work on every target.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::{Project, SOURCE};
use crate::{child, console::say, files, surroundings};

/// A call that only native programs can make.
const CALL: &str = "\n/// Not on Cloudflare.\npub fn now() -> std::time::SystemTime {\n    std::time::SystemTime::now()\n}\n";

pub(super) fn check(project: &Project) -> Result<()> {
    let clippy = || {
        let mut cargo = project.command(Path::new("cargo"));
        cargo.args(["clippy", "--all-targets", "--", "--deny", "warnings"]);
        cargo
    };
    if !child::succeeds(surroundings::command("cargo").args(["clippy", "--version"])) {
        say("there is no clippy here: what it says of a new project is not looked at");
        return Ok(());
    }
    child::output(&mut clippy()).context("clippy has something to say of a new project")?;
    let path = project.folder.join(SOURCE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    // The tests are at the end of the file, and no item may follow them.
    files::write(
        &path,
        &text.replacen("\nguru::export!", &format!("{CALL}\nguru::export!"), 1),
    )?;
    let said = child::output(&mut clippy());
    files::write(&path, &text)?;
    let said = said.map_or_else(|error| error.to_string(), |_| String::new());
    ensure!(
        said.contains("disallowed method `std::time::SystemTime::now`")
            && said.contains("cx.clock()"),
        "clippy does not say what to use in place of SystemTime::now: {said}"
    );
    say("clippy: nothing to say of a new project; SystemTime::now is told to be cx.clock()");
    Ok(())
}
