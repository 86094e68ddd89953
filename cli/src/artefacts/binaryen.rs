//! Runs Binaryen's `wasm-opt`, which shrinks a module.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::{BuildContext, write};
use crate::{child, files, items::npm, surroundings};

const OPTIONS: [&str; 5] = [
    "-Oz",
    "--converge",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// Shrinks the module at `path` with `wasm-opt`. Returns false where `wasm-opt` is not installed.
///
/// The optimisation takes seconds and is deterministic, so its result is cached in cargo's target directory.
pub fn optimise(context: &BuildContext<'_>, path: &Path) -> Result<bool> {
    let Some(program) = npm::program(context.home, "wasm-opt") else {
        return Ok(false);
    };
    let module = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut key = Sha256::new();
    key.update(npm::version("binaryen"));
    key.update(OPTIONS.concat());
    key.update(&module);
    let kept = context.workspace.target().join("guru").join("wasm-opt");
    let kept = kept.join(hex::encode(key.finalize()));
    if !kept.is_file() {
        let smaller = path.with_extension("smaller");
        let mut command = surroundings::command(program);
        command.args(OPTIONS).arg(path).arg("-o").arg(&smaller);
        child::output(&mut command)?;
        files::copy_whole(&smaller, &kept)?;
        files::remove(&smaller)?;
    }
    let smaller = fs::read(&kept).with_context(|| format!("cannot read {}", kept.display()))?;
    write(path, smaller)?;
    Ok(true)
}
