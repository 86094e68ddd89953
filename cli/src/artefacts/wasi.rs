//! Builds a function as a WebAssembly component for hosts of WASI 0.3 HTTP components.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Adapter, BuildContext, component, module, write};

/// The adapter for components. One component serves every vendor that runs components, since it imports nothing vendor-specific.
const ADAPTER: Adapter = Adapter {
    triple: TRIPLE,
    feature: "wasi",
    linked: None,
};

/// The target of components.
pub const TRIPLE: &str = "wasm32-wasip2";

/// A component with its modules optimised, or `None` where `wasm-opt` is not installed.
pub fn smaller(context: &BuildContext<'_>, component: &[u8]) -> Result<Option<Vec<u8>>> {
    component::optimise(context, component)
}

/// Builds the component, `function.wasm`.
pub fn build(context: &BuildContext<'_>, folder: &Path) -> Result<PathBuf> {
    let path = folder.join("function.wasm");
    write(&path, &compile(context)?)?;
    Ok(path)
}

fn compile(context: &BuildContext<'_>) -> Result<Vec<u8>> {
    if context.is_release {
        // wasm-opt reads the enabled target features from the module's sections, which are kept along with the names.
        let whole = module::compile(context, ADAPTER, module::Names::Kept)?.bytes;
        if let Some(smaller) = component::optimise(context, &whole)? {
            return Ok(smaller);
        }
        let console = context.console;
        console.note("function.wasm could be smaller: `guru setup` gets wasm-opt");
    }
    Ok(module::compile(context, ADAPTER, module::Names::Gone)?.bytes)
}
