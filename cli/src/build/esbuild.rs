//! `esbuild`, which makes a script smaller. Knows no vendor.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use crate::{child, home::Home, setup::wrangler, surroundings};

/// Makes the module script at `path` smaller where `esbuild` is installed. False where it is not.
pub(super) fn minify(home: &Home, path: &Path) -> Result<bool> {
    let Some(program) = wrangler::program(home, "esbuild") else {
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
    fs::write(path, smaller).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}
