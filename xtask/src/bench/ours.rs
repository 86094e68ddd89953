//! Our own example on each runtime, built as for a deployment.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{
    BenchContext,
    contestant::{PORT, Ready, Recipe, Refusal},
    tools, workerd,
};
use crate::{args::target, artefacts, cargo, files};

/// Under workerd.
pub(super) fn workerd(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    let folder = context.dist(target("cloudflare"));
    let made = target("cloudflare").build_into(&context.build(), &folder)?;
    let modules = made.iter().filter_map(|path| path.file_name()?.to_str());
    let modules: Vec<_> = modules.collect();
    workerd::worker(context, context.function, &folder, &modules)
}

/// Under our own host.
pub(super) fn host(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    let component = component(context)?;
    Ok(in_host(context, context.function, component)?)
}

/// Any component under our own host.
pub(super) fn in_host(context: &BenchContext<'_>, name: &str, component: PathBuf) -> Result<Ready> {
    let compiled = compiled(context, name, &component)?;
    let host = cargo::SERVER.build(context.workspace, true)?;
    let words = [
        "serve".into(),
        compiled.into_os_string(),
        "--port".into(),
        PORT.into(),
    ];
    Ok(Ready {
        recipe: Recipe::new(host, words),
        deployed: vec![component],
    })
}

/// The example, compiled as our own host loads it.
pub(super) fn instance(context: &BenchContext<'_>) -> Result<PathBuf> {
    compiled(context, context.function, &component(context)?)
}

fn compiled(context: &BenchContext<'_>, name: &str, component: &Path) -> Result<PathBuf> {
    let compiled = context.work.join(name).with_extension("cwasm");
    artefacts::host::compile(&context.build(), component, &compiled)?;
    Ok(compiled)
}

/// Under `wasmtime serve`, with these options.
pub(super) fn wasmtime(context: &BenchContext<'_>, options: &[&str]) -> Result<Ready, Refusal> {
    let program = tools::wasmtime()?;
    let component = component(context)?;
    let mut words: Vec<OsString> = vec![
        "serve".into(),
        "-Wcomponent-model-async=y".into(),
        "-Sp3,cli".into(),
        "--addr=127.0.0.1:{port}".into(),
    ];
    words.extend(options.iter().map(Into::into));
    words.push(component.clone().into_os_string());
    Ok(Ready {
        recipe: Recipe::new(program, words),
        deployed: vec![component],
    })
}

/// Under `spin up`, with the manifest that `guru new` creates.
pub(super) fn spin(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    in_spin(context, "spin", &component(context)?)
}

/// A component under `spin up`.
pub(super) fn in_spin(
    context: &BenchContext<'_>,
    name: &str,
    component: &Path,
) -> Result<Ready, Refusal> {
    let program = tools::spin()?;
    let folder = context.work.join(name);
    files::copy(component, &folder.join("function.wasm"))?;
    let manifest = folder.join("spin.toml");
    files::write(&manifest, SPIN)?;
    let state = folder.join("state").into_os_string();
    let words = [
        "up".into(),
        "--listen=127.0.0.1:{port}".into(),
        "--state-dir".into(),
        state,
        "--from".into(),
        manifest.into_os_string(),
    ];
    let recipe = Recipe::new(program, words)
        .with("SPIN_DISABLE_TELEMETRY", "1")
        .with("NO_COLOR", "1");
    Ok(Ready {
        recipe,
        deployed: vec![component.to_owned()],
    })
}

const SPIN: &str = r#"spin_manifest_version = 2
[application]
name = "guru"
version = "0.1.0"
[[trigger.http]]
route = "/..."
component = "guru"
[component.guru]
source = "function.wasm"
"#;

/// As AWS Lambda starts it.
pub(super) fn lambda(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    let folder = context.dist(target("lambda"));
    target("lambda").build_into(&context.build(), &folder)?;
    let [bootstrap, function] = ["bootstrap", "function.cwasm"].map(|name| folder.join(name));
    Ok(Ready {
        recipe: Recipe::new(&bootstrap, [""; 0]).within(&folder),
        deployed: vec![bootstrap, function],
    })
}

/// As a native server.
pub(super) fn local(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    let folder = context.dist(target("local"));
    let made = target("local").build_into(&context.build(), &folder)?;
    let program = made.first().cloned().unwrap_or_default();
    Ok(Ready {
        recipe: Recipe::new(program, ["--host", "127.0.0.1", "--port", PORT]),
        deployed: made,
    })
}

fn component(context: &BenchContext<'_>) -> Result<PathBuf> {
    let folder = context.dist(target("spin"));
    target("spin").build_into(&context.build(), &folder)?;
    Ok(folder.join("function.wasm"))
}
