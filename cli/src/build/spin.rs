//! A function as a WebAssembly component, for Spin and every other host of WASI 0.3 HTTP components. Knows that cargo gives
//! one, not what is in it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::{Scene, module, write};

const TARGET: &str = "wasm32-wasip2";

/// Builds the component: `function.wasm`.
pub(super) fn build(scene: &Scene<'_>) -> Result<PathBuf> {
    let component = module::compile(scene, TARGET, module::Names::Gone)?;
    let folder = scene.folder;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join("function.wasm");
    write(&path, &component)?;
    scene.console.note(&format!(
        "{}: a component of {} KB; in {}",
        scene.function,
        component.len().div_ceil(1024),
        folder.display()
    ));
    Ok(path)
}
