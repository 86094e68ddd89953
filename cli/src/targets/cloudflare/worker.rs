//! Swaps builds of a Cloudflare Worker under a running wrangler. Each build has a folder of its own, and an entry module beside
//! those folders imports one of them: wrangler sees a complete build or none, and reloads.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use guru_toolbox::workerd;
use sha2::{Digest as _, Sha256};

use super::build::MODULES;
use crate::{
    artefacts, files,
    serving::{Session, trial},
};

/// The entry module that wrangler serves.
const ENTRY: &str = "main.js";

/// The compatibility date of a trial, which only starts the build: newer behaviour concerns requests.
const DATE: &str = "2026-04-01";

/// What workerd writes to its control descriptor once it is listening.
const LISTENS: &str = "\"event\":\"listen\"";

/// Builds the worker and, once it is known to start, swaps it in: wrangler exits when a build does not start. Returns the path of
/// the entry module.
pub(super) fn build(session: &Session<'_>, folder: &Path) -> Result<PathBuf> {
    let context = session.context();
    let output = context.hold(folder)?;
    let made = context.fill(&output, |draft| super::build::build(context, draft))?;
    let hash = hash(&made)?;
    let own = folder.join(&hash);
    if !own.is_dir() {
        let draft = folder.join(format!(".{hash}"));
        files::remove(&draft)?;
        for path in &made {
            files::copy(path, &draft.join(name(path)))?;
        }
        fs::rename(&draft, &own).with_context(|| format!("cannot write {}", own.display()))?;
    }
    if let Some(program) = workerd::program(context.home) {
        let modules: Vec<_> = made.iter().map(|path| name(path)).collect();
        starts(&program, &own, &modules)?;
    }
    let entry = folder.join(ENTRY);
    let before = fs::read_to_string(&entry).unwrap_or_default();
    let text = format!(
        "// Made by `guru dev`; changes are lost.\nexport {{ default }} from \"./{hash}/worker.js\";\n"
    );
    if before != text {
        let draft = folder.join(".main.js");
        files::write(&draft, &text)?;
        fs::rename(&draft, &entry).with_context(|| format!("cannot write {}", entry.display()))?;
    }
    // The previous build may still be read.
    forget(folder, |name| text.contains(name) || before.contains(name))?;
    Ok(entry)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Hashes the modules of a build.
fn hash(made: &[PathBuf]) -> Result<String> {
    let mut all = Sha256::new();
    for path in made {
        all.update(artefacts::sha256(path)?);
    }
    let mut hash = hex::encode(all.finalize());
    hash.truncate(16);
    Ok(hash)
}

fn starts(program: &Path, folder: &Path, modules: &[String]) -> Result<()> {
    let config = folder.join("config.capnp");
    files::write(&config, &workerd::configuration(modules, DATE))?;
    let mut command = Command::new(program);
    command.args(["serve", "--control-fd=1"]).arg(&config);
    trial::starts(command, LISTENS)
}

/// Removes the folders of builds that are no longer needed.
fn forget(folder: &Path, is_needed: impl Fn(&str) -> bool) -> Result<()> {
    let entries = fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_build = entry.path().join(MODULES[0]).is_file();
        if is_build && !name.to_str().is_some_and(&is_needed) {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_that_nobody_needs_go() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for build in ["a1", "b2", "c3"] {
            files::write(&at(build).join(MODULES[0]), "").unwrap();
        }
        files::write(&at(ENTRY), "export { default } from \"./b2/worker.js\";").unwrap();
        files::write(&at("other/file"), "").unwrap();
        forget(folder.path(), |name| ["b2", "c3"].contains(&name)).unwrap();
        let there = ["a1", "b2", "c3", ENTRY, "other"].map(|name| at(name).exists());
        assert_eq!(there, [false, true, true, true, true]);
    }
}
