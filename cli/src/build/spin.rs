//! A function as a WebAssembly component, for Spin and every other host of WASI 0.3 HTTP components. Knows that cargo gives
//! one, not what is in it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Scene, component, module, write};

const TARGET: &str = "wasm32-wasip2";

/// Builds the component: `function.wasm`.
pub(super) fn build(scene: &Scene<'_>, folder: &Path) -> Result<PathBuf> {
    let path = folder.join("function.wasm");
    write(&path, &compile(scene)?)?;
    Ok(path)
}

fn compile(scene: &Scene<'_>) -> Result<Vec<u8>> {
    if scene.is_release {
        // wasm-opt is told in the module which features it may use, beside the names.
        let whole = module::compile(scene, TARGET, module::Names::Kept)?;
        if let Some(smaller) = component::optimise(scene.home, &whole)? {
            return Ok(smaller);
        }
        let console = scene.console;
        console.note("function.wasm could be smaller: `guru setup` gets wasm-opt");
    }
    module::compile(scene, TARGET, module::Names::Gone)
}
