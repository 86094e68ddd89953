//! Runs `esbuild`, which minifies and bundles scripts.

use std::path::Path;

use anyhow::{Context as _, Result};

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

/// Writes a script with all that it imports, but for what workerd has, to one module.
pub(super) fn bundle(home: &Home, script: &Path, to: &Path) -> Result<()> {
    let program = npm::program(home, "esbuild").filter(|_| script.is_file());
    let program = program.context(
        "a database of PostgreSQL is reached by the npm package `postgres`: `guru setup --on cloudflare` gets it",
    )?;
    let whole = child::output(
        surroundings::command(program)
            .args(["--bundle", "--minify", "--format=esm", "--charset=utf8"])
            .args([
                "--external:node:*",
                "--external:cloudflare:*",
                "--log-level=warning",
            ])
            .arg(script),
    )?;
    write(to, whole)
}
