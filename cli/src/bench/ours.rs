//! Our own example on each runtime, built as what is deployed is built. Knows how `guru build` is asked, not what the others
//! are.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{
    Scene,
    contestant::{PORT, Ready, Recipe, Refusal},
    tools, workerd,
};
use crate::{args::Target, build, cargo, files};

/// Under Cloudflare's runtime.
pub(super) fn workerd(scene: &Scene<'_>) -> Result<Ready, Refusal> {
    let folder = scene.dist(Target::Cloudflare);
    scene.build().build(Target::Cloudflare, &folder)?;
    let modules = ["worker.js", "function.js", "function.wasm"];
    workerd::worker(scene, "guru", &folder, &modules)
}

/// Under our own host.
pub(super) fn host(scene: &Scene<'_>) -> Result<Ready, Refusal> {
    let component = component(scene)?;
    Ok(in_host(scene, "guru", component)?)
}

/// A component under our own host, whoever's it is.
pub(super) fn in_host(scene: &Scene<'_>, name: &str, component: PathBuf) -> Result<Ready> {
    let compiled = compiled(scene, name, &component)?;
    let host = cargo::SERVER.build(scene.workspace, true)?;
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

/// The example as our own host loads it.
pub(super) fn instance(scene: &Scene<'_>) -> Result<PathBuf> {
    compiled(scene, "guru", &component(scene)?)
}

fn compiled(scene: &Scene<'_>, name: &str, component: &Path) -> Result<PathBuf> {
    let compiled = scene.work.join(name).with_extension("cwasm");
    build::compile(&scene.build(), component, &compiled)?;
    Ok(compiled)
}

/// Under `wasmtime serve`, with these options.
pub(super) fn wasmtime(scene: &Scene<'_>, options: &[&str]) -> Result<Ready, Refusal> {
    let program = tools::wasmtime()?;
    let component = component(scene)?;
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

/// Under `spin up`, with the manifest that `guru new` would give it.
pub(super) fn spin(scene: &Scene<'_>) -> Result<Ready, Refusal> {
    in_spin(scene, "spin", &component(scene)?)
}

/// A component under `spin up`.
pub(super) fn in_spin(scene: &Scene<'_>, name: &str, component: &Path) -> Result<Ready, Refusal> {
    let program = tools::spin()?;
    let folder = scene.work.join(name);
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
pub(super) fn lambda(scene: &Scene<'_>) -> Result<Ready, Refusal> {
    let folder = scene.dist(Target::Lambda);
    scene.build().build(Target::Lambda, &folder)?;
    let [bootstrap, function] = ["bootstrap", "function.cwasm"].map(|name| folder.join(name));
    Ok(Ready {
        recipe: Recipe::new(&bootstrap, [""; 0]).within(&folder),
        deployed: vec![bootstrap, function],
    })
}

/// As a native server.
pub(super) fn local(scene: &Scene<'_>) -> Result<Ready, Refusal> {
    let folder = scene.dist(Target::Local);
    let made = scene.build().build(Target::Local, &folder)?;
    let program = made.first().cloned().unwrap_or_default();
    Ok(Ready {
        recipe: Recipe::new(program, ["--host", "127.0.0.1", "--port", PORT]),
        deployed: made,
    })
}

fn component(scene: &Scene<'_>) -> Result<PathBuf> {
    let folder = scene.dist(Target::Spin);
    scene.build().build(Target::Spin, &folder)?;
    Ok(folder.join("function.wasm"))
}
