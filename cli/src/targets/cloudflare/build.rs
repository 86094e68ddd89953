//! Builds a function as a Cloudflare Worker: an entry module, wasm-bindgen's glue and the WebAssembly module, for wrangler to
//! bundle.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use guru_toolbox::{migrations::Migrations, settings::Settings};
use wasm_bindgen_cli_support::Bindgen;

use super::{MANIFEST, esbuild, manifest};
use crate::artefacts::{Adapter, BuildContext, binaryen, module, write};
use crate::{declared, files};

/// The adapter of workers.
const ADAPTER: Adapter = Adapter {
    triple: "wasm32-unknown-unknown",
    feature: "cloudflare",
    // A stack of 256 KiB where the linker's own is 1 MiB: each request that waits has an instance, and an isolate 128 MB.
    linked: Some("-zstack-size=262144"),
};

/// The adapter's crate, whose package also contains the entry module. The entry module is taken from the very package that the
/// function is built with, so that both halves of the adapter have the same version.
const CRATE: &str = "guru_cloudflare";
const ENTRY: &str = "worker.js";

/// What is built, the entry first.
pub(super) const MODULES: [&str; 3] = [ENTRY, "function.js", "function.wasm"];

/// The modules of ports, which only functions that use them have: by what the glue of such a function calls.
const PORTS: [(&str, &[&str]); 7] = [
    ("fetch.js", &["host.fetch("]),
    ("kv.js", &["host.kvGet("]),
    ("d1.js", &["host.d1("]),
    ("r2.js", &["host.r2Get("]),
    ("pg.js", &["host.postgres("]),
    ("sql.js", &["host.sql("]),
    (
        STORES,
        &[
            "host.kvGet(",
            "host.d1(",
            "host.r2Get(",
            "host.postgres(",
            "host.sql(",
        ],
    ),
];

/// What some of these share.
const STORES: &str = "stores.js";

/// The npm package by which a database of PostgreSQL is reached, in one module: its form for workers, in the folder of npm's packages.
const POSTGRES: (&str, &str) = ("postgres.js", "postgres/cf/src/index.js");

/// The variable in which wrangler passes its subcommand to a build.
const WRANGLER_COMMAND: &str = "WRANGLER_COMMAND";

/// Builds the worker: `worker.js`, `function.js` and `function.wasm`.
pub(super) fn build(context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
    let module = module::compile(context, ADAPTER, module::Names::Kept)?;
    let package = module.package_of(CRATE)?.to_owned();
    bind(context, &module.bytes)?;
    let mut bound = Bindgen::new()
        .input_bytes("function", module.bytes)
        .bundler(true)?
        .remove_name_section(context.is_release)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen cannot bind {}", context.function))?;

    let command = std::env::var(WRANGLER_COMMAND).ok();
    let glue = glue(
        bound.start().context("no script")?,
        is_for_cloudflare(command.as_deref()),
    )?;
    let [entry, script, binary] = MODULES.map(|name| folder.join(name));
    let mut scripts = vec![entry, script];
    for (name, calls) in PORTS {
        let more = folder.join(name);
        files::remove(&more)?;
        if calls.iter().any(|call| glue.contains(call)) {
            write(&more, files::read(&package.join(name))?)?;
            scripts.push(more);
        }
    }
    write(&binary, bound.wasm_mut().emit_wasm())?;
    for (script, text) in scripts
        .iter()
        .zip([files::read(&package.join(ENTRY))?, glue])
    {
        write(script, text)?;
    }
    if context.is_release {
        let is_small = binaryen::optimise(context, &binary)?;
        let minify = |script: &PathBuf| esbuild::minify(context.home, script);
        let are_small = scripts.iter().map(minify).collect::<Result<Vec<_>>>()?;
        if !is_small || are_small.contains(&false) {
            let console = context.console;
            console.note("the worker could be smaller: `guru setup` gets wasm-opt and esbuild");
        }
    }
    let (package, path) = POSTGRES;
    let more = folder.join(package);
    files::remove(&more)?;
    if scripts.iter().any(|script| script.ends_with("pg.js")) {
        let modules = context.home.wrangler().join("node_modules");
        esbuild::bundle(context.home, &modules.join(path), &more)?;
        scripts.push(more);
    }
    scripts.push(binary);
    Ok(scripts)
}

/// Adds the bindings of what the function declares to its manifest.
fn bind(context: &BuildContext<'_>, module: &[u8]) -> Result<()> {
    let Some(own) = context.workspace.manifest(context.function, MANIFEST) else {
        return Ok(());
    };
    let before = files::read(&own)?;
    let bound = manifest::with_stores(&before, &declared::declared(module)?);
    let bound = bound.with_context(|| own.display().to_string())?;
    let migrations = Migrations::of(context.workspace, context.function, &Settings::default())?;
    let migrated = match migrations {
        Some(migrations) => {
            let text = bound.as_deref().unwrap_or(&before);
            migrations.with_folders(&own, text, manifest::MIGRATIONS)?
        }
        None => None,
    };
    if let Some(text) = migrated.or(bound) {
        files::write(&own, &text)?;
        let console = context.console;
        console.note(&format!("{MANIFEST} binds now what the function declares"));
    }
    Ok(())
}

/// Turns wasm-bindgen's glue into a function that instantiates it afresh: as generated, it is a module with a single instance.
/// The adapter's imports from `host` become the function's argument.
fn glue(script: &str, on_cloudflare: bool) -> Result<String> {
    let mut body = String::with_capacity(script.len());
    let mut names = Vec::new();
    for line in script.lines() {
        let line = line.trim_start();
        let declaration = line.strip_prefix("export ");
        let function = declaration.and_then(|rest| rest.strip_prefix("function "));
        ensure!(
            !line.starts_with("import ") && declaration.is_some() == function.is_some(),
            "wasm-bindgen's glue has a line for which a worker of Guru has no place: {line}"
        );
        names.extend(function.and_then(|rest| rest.split('(').next()));
        body.push_str(declaration.unwrap_or(line));
        body.push('\n');
    }
    let names = names.join(", ");
    let used = PORTS
        .iter()
        .filter(|(name, calls)| *name != STORES && calls.iter().any(|call| script.contains(call)));
    let (mut services, mut all) = (String::new(), Vec::new());
    for (index, (name, _)) in used.enumerate() {
        services += &format!("import {{ services as services{index} }} from \"./{name}\";\n");
        all.push(format!("...services{index}"));
    }
    Ok(format!(
        "// Made by `guru build`; changes are lost.\n{services}\
         export const services = {{ {} }};\n\
         export const onCloudflare = {on_cloudflare};\n\
         export function glue(host) {{\n{body}return {{ {names} }};\n}}\n",
        all.join(", ")
    ))
}

/// Whether the result will run on Cloudflare's network, where `cf-*` headers can be trusted. Under `wrangler dev` a client can
/// set them itself, and a manual build may end up anywhere.
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
        let script = "let wasm;\nexport function begin(a) {\n}\nfunction inner() {}\nexport function poll() {}\n";
        let module = glue(script, false).unwrap();
        assert!(module.contains("export const onCloudflare = false;\n"));
        assert!(module.contains(
            "glue(host) {\nlet wasm;\nfunction begin(a) {\n}\nfunction inner() {}\nfunction poll() {}\n\
             return { begin, poll };\n}"
        ));
    }

    #[test]
    fn glue_that_is_not_understood_is_refused() {
        for script in [
            "export class Call {",
            "import { a } from './snippets/a.js';",
        ] {
            assert!(
                glue(script, false)
                    .unwrap_err()
                    .to_string()
                    .contains(script)
            );
        }
    }
}
