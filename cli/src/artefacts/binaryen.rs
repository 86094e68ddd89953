//! Binaryen's `wasm-opt`, which makes a module smaller. Knows no vendor.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use crate::{child, home::Home, items::npm, surroundings};

/// Makes the module at `path` smaller where `wasm-opt` is installed. False where it is not.
pub fn optimise(home: &Home, path: &Path) -> Result<bool> {
    let Some(program) = npm::program(home, "wasm-opt") else {
        return Ok(false);
    };
    let smaller = path.with_extension("smaller");
    child::output(
        surroundings::command(program)
            .args([
                "-Oz",
                "--converge",
                "--strip-debug",
                "--strip-producers",
                "--strip-target-features",
            ])
            .arg(path)
            .arg("-o")
            .arg(&smaller),
    )?;
    fs::rename(&smaller, path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}
