//! A function as a WebAssembly component, for Spin and every other host of WASI 0.3 HTTP components. Knows that cargo gives
//! one, not what is in it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Scene, module, write};

const TARGET: &str = "wasm32-wasip2";

/// Builds the component: `function.wasm`.
pub(super) fn build(scene: &Scene<'_>, folder: &Path) -> Result<PathBuf> {
    let component = module::compile(scene, TARGET, module::Names::Gone)?;
    let path = folder.join("function.wasm");
    write(&path, &component)?;
    Ok(path)
}
