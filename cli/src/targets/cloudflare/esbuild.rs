//! Runs `esbuild`, which minifies a script.

use std::path::Path;

use anyhow::Result;

use crate::{artefacts::write, child, home::Home, items::npm, surroundings};

/// Minifies the module script at `path`. Returns false where `esbuild` is not installed.
pub(super) fn minify(home: &Home, path: &Path) -> Result<bool> {
    let Some(program) = npm::program(home, "esbuild") else {
        return Ok(false);
    };
    let smaller = child::output(
        surroundings::command(program)
            .args([
                "--minify",
                "--format=esm",
                "--charset=utf8",
                "--log-level=warning",
            ])
            .arg(path),
    )?;
    write(path, smaller)?;
    Ok(true)
}
