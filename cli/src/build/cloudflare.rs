//! A function as a Cloudflare Worker: an entry module, wasm-bindgen's glue and the WebAssembly module, for wrangler to
//! bundle. Knows wasm-bindgen and how wrangler calls a build, not what is in a worker.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::{Scene, binaryen, module, write};

const TARGET: &str = "wasm32-unknown-unknown";

/// The entry module, the adapter's own half in JavaScript.
const ENTRY: &str = include_str!("../../../targets/cloudflare/worker.js");

/// What wrangler says it is doing, in the environment of a build.
const WRANGLER_COMMAND: &str = "WRANGLER_COMMAND";

/// Builds the worker: `worker.js`, `function.js`, `function.wasm`.
pub(super) fn build(scene: &Scene<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
    let bytes = module::compile(scene, TARGET, module::Names::Kept)?;
    let mut bound = Bindgen::new()
        .input_bytes("function", bytes)
        .no_modules(true)?
        .remove_name_section(scene.is_release)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen cannot bind {}", scene.function))?;

    let command = std::env::var(WRANGLER_COMMAND).ok();
    let glue = glue(bound.js(), is_for_cloudflare(command.as_deref()));
    let [entry, script, binary] =
        ["worker.js", "function.js", "function.wasm"].map(|name| folder.join(name));
    write(&binary, bound.wasm_mut().emit_wasm())?;
    if scene.is_release && !binaryen::optimise(scene.home, &binary)? {
        let console = scene.console;
        console.note("function.wasm could be smaller: `guru setup` gets wasm-opt");
    }
    write(&script, glue)?;
    write(&entry, ENTRY)?;
    Ok(vec![entry, script, binary])
}

/// wasm-bindgen's glue as a function that makes a fresh copy of it: as it comes, it has room for one instance.
fn glue(script: &str, on_cloudflare: bool) -> String {
    format!(
        "// Made by `guru build`; changes are lost.\n\
         export const onCloudflare = {on_cloudflare};\n\
         export function glue() {{\n{script}\nreturn wasm_bindgen;\n}}\n"
    )
}

/// Whether the result will run on Cloudflare's network, whose `cf-*` headers can be believed. Under `wrangler dev` a
/// client's own pass; a build by hand may end up anywhere.
fn is_for_cloudflare(command: Option<&str>) -> bool {
    matches!(command, Some("deploy" | "versions upload"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_believed_only_where_wrangler_says_that_it_deploys() {
        assert!(is_for_cloudflare(Some("deploy")));
        assert!(is_for_cloudflare(Some("versions upload")));
        assert!(!is_for_cloudflare(Some("dev")));
        assert!(!is_for_cloudflare(Some("")));
        assert!(!is_for_cloudflare(None));
    }

    #[test]
    fn glue_is_a_module_that_hands_out_what_it_wraps() {
        let module = glue("let wasm_bindgen = 1;", false);
        assert!(module.contains("export const onCloudflare = false;\n"));
        assert!(module.contains("glue() {\nlet wasm_bindgen = 1;\nreturn wasm_bindgen;\n}"));
    }
}
