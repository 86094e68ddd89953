//! A function as a Cloudflare Worker: an entry module, wasm-bindgen's glue and the WebAssembly module, for wrangler to
//! bundle. Knows wasm-bindgen and how wrangler calls a build, not what is in a worker.

use std::fs;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::{Scene, binaryen, module, write};

const TARGET: &str = "wasm32-unknown-unknown";

/// The entry module, the adapter's own half in JavaScript.
const ENTRY: &str = include_str!("../../../targets/cloudflare/worker.js");

/// What wrangler says it is doing, in the environment of a build.
const WRANGLER_COMMAND: &str = "WRANGLER_COMMAND";

/// Builds the worker: `worker.js`, `function.js`, `function.wasm`.
pub(super) fn build(scene: &Scene<'_>) -> Result<()> {
    let bytes = module::compile(scene, TARGET, module::Names::Kept)?;
    let mut bound = Bindgen::new()
        .input_bytes("function", bytes)
        .no_modules(true)?
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen cannot bind {}", scene.function))?;

    let folder = scene.folder;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let command = std::env::var(WRANGLER_COMMAND).ok();
    let glue = glue(bound.js(), is_for_cloudflare(command.as_deref()));
    let binary = folder.join("function.wasm");
    write(&binary, bound.wasm_mut().emit_wasm())?;
    let optimised = binaryen::optimise(scene.home, &binary)?;
    write(&folder.join("function.js"), glue)?;
    write(&folder.join("worker.js"), ENTRY)?;

    let size = fs::metadata(&binary).map_or(0, |data| data.len());
    let how = if optimised {
        "optimised by wasm-opt"
    } else {
        "not optimised: `guru setup` gets wasm-opt"
    };
    scene.console.note(&format!(
        "{}: {} KB of WebAssembly, {how}; in {}",
        scene.function,
        size.div_ceil(1024),
        folder.display()
    ));
    Ok(())
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
