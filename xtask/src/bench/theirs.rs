//! The same function implemented by other means, in the workspace's `bench` folder, built as their own guides recommend.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, anyhow};
use cargo_metadata::camino::Utf8PathBuf;

use guru_toolbox::items::{npm, wasm::wasm_cargo};

use super::{
    BenchContext,
    contestant::{PORT, Ready, Recipe, Refusal},
    ours, tools, versions, workerd,
};
use crate::{cargo, child, files, surroundings};

/// Cloudflare's own build tool for Rust workers, and the tool that it runs.
const WORKER_BUILD: tools::Crate = tools::Crate {
    name: "worker-build",
    program: "worker-build",
    flags: &[],
};
const WASM_BINDGEN: tools::Crate = tools::Crate {
    name: "wasm-bindgen-cli",
    program: "wasm-bindgen",
    flags: &[],
};

/// A plain JavaScript module, without build tools.
pub(super) fn javascript(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    let folder = folder(context, "javascript")?;
    workerd::worker(context, "javascript", &folder, &["worker.js"])
}

/// The vendor's Rust crate.
pub(super) fn worker(context: &BenchContext<'_>, name: &str) -> Result<Ready, Refusal> {
    tools::workerd(context.home)?;
    let folder = folder(context, name)?;
    let locked = |name| {
        let version = versions::locked(&context.opponents, name);
        version.with_context(|| format!("bench/Cargo.lock names no {name}"))
    };
    let binary = |name: &str| {
        npm::program(context.home, name).ok_or_else(|| {
            Refusal::NotRun(format!("{name} is not installed: `guru setup` gets it"))
        })
    };
    let program = WORKER_BUILD.get(context, &locked("worker")?)?;
    let bindgen = WASM_BINDGEN.get(context, &locked("wasm-bindgen")?)?;
    let mut build = surroundings::command(program);
    build
        .current_dir(&folder)
        .args(["--release", ".", "--", "--locked"])
        .env("WASM_BINDGEN_BIN", bindgen)
        .env("WASM_OPT_BIN", binary("wasm-opt")?)
        .env("ESBUILD_BIN", binary("esbuild")?);
    run(context, "worker-build", &mut build)?;
    let made = folder.join("build");
    let mut modules = modules(&made)?;
    // The entry comes first.
    modules.sort_by_key(|name| (!name.ends_with(".js"), name.len()));
    let modules: Vec<_> = modules.iter().map(String::as_str).collect();
    workerd::worker(context, name, &made, &modules)
}

/// The files of a build that make up a worker.
fn modules(folder: &Path) -> Result<Vec<String>> {
    let files = fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .flatten();
    let names = files.filter_map(|file| file.file_name().into_string().ok());
    Ok(names
        .filter(|name| name.ends_with(".js") || name.ends_with(".wasm"))
        .collect())
}

/// A JavaScript framework, bundled and minified as for a deployment.
pub(super) fn hono(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    tools::workerd(context.home)?;
    let source = folder(context, "hono")?;
    let esbuild = npm::program(context.home, "esbuild").ok_or_else(|| {
        Refusal::NotRun("esbuild is not installed: `guru setup` gets it with wrangler".into())
    })?;
    let npm = which::which("npm")
        .map_err(|_| Refusal::NotRun("there is no npm on PATH: install Node with npm".into()))?;
    let place = context.work.join("hono-source");
    for name in ["package.json", "package-lock.json", "worker.js"] {
        files::copy(&source.join(name), &place.join(name))?;
    }
    let mut install = surroundings::command(npm);
    install
        .current_dir(&place)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    run(context, "hono-npm", &mut install)?;
    let mut bundle = surroundings::command(esbuild);
    bundle
        .current_dir(&place)
        .args(["worker.js", "--bundle", "--format=esm", "--minify"])
        .arg("--outfile=bundle/worker.js");
    run(context, "hono-esbuild", &mut bundle)?;
    workerd::worker(context, "hono", &place.join("bundle"), &["worker.js"])
}

/// Spin's SDK, under our own host: only the component differs.
pub(super) fn spin_sdk(
    context: &BenchContext<'_>,
    name: &str,
    package: &str,
) -> Result<Ready, Refusal> {
    folder(context, name)?;
    let target = ["--target", "wasm32-wasip2"];
    let component = made(context, wasm_cargo(context.home)?, package, &target)?;
    Ok(ours::in_host(context, name, component)?)
}

/// The same component on Spin itself.
pub(super) fn spin_sdk_in_spin(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    let ready = spin_sdk(context, "spin-sdk", "spin-sdk-hello")?;
    let [component] = &ready.deployed[..] else {
        return Err(anyhow!("the component of spin-sdk is more than one file").into());
    };
    ours::in_spin(context, "spin-sdk-in-spin", component)
}

/// AWS's Rust crate for Lambda.
pub(super) fn lambda_http(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    folder(context, "lambda-http")?;
    let program = native(context, "lambda-http-hello")?;
    Ok(Ready {
        recipe: Recipe::new(&program, [""; 0]),
        deployed: vec![program],
    })
}

/// AWS's runtime interface client for Python.
pub(super) fn awslambdaric(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    let folder = folder(context, "awslambdaric")?;
    let python = tools::python(context, "awslambdaric", &folder.join("requirements.txt"))?;
    let recipe = Recipe::new(python, ["-m", "awslambdaric", "handler.handler"]);
    Ok(Ready {
        recipe: recipe.within(&folder),
        deployed: Vec::new(),
    })
}

/// A Rust server.
pub(super) fn axum(
    context: &BenchContext<'_>,
    name: &str,
    package: &str,
) -> Result<Ready, Refusal> {
    folder(context, name)?;
    let program = native(context, package)?;
    Ok(Ready {
        recipe: Recipe::new(&program, [""; 0]).with("PORT", PORT),
        deployed: vec![program],
    })
}

/// A Python server, as in the story.
pub(super) fn flask(context: &BenchContext<'_>) -> Result<Ready, Refusal> {
    let folder = folder(context, "flask")?;
    let python = tools::python(context, "flask", &folder.join("requirements.txt"))?;
    Ok(Ready {
        recipe: Recipe::new(python, ["app.py"])
            .within(&folder)
            .with("PORT", PORT),
        deployed: Vec::new(),
    })
}

fn folder(context: &BenchContext<'_>, name: &str) -> Result<PathBuf, Refusal> {
    let folder = context.opponents.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Refusal::NotRun(format!(
        "bench/{name} is not part of this checkout"
    )))
}

fn native(context: &BenchContext<'_>, package: &str) -> Result<PathBuf> {
    made(context, cargo::native(&context.opponents), package, &[])
}

/// What cargo builds from a package of the opponents' workspace: its program, else its component.
fn made(
    context: &BenchContext<'_>,
    mut cargo: Command,
    package: &str,
    options: &[&str],
) -> Result<PathBuf> {
    cargo
        .current_dir(&context.opponents)
        .args(["build", "--release", "--locked", "--package", package])
        .args(options);
    let name = package.replace('-', "_");
    let made = cargo::make(&mut cargo, |artifact| {
        let is_it = artifact.target.name.replace('-', "_") == name;
        let wasm = |file: &&Utf8PathBuf| file.extension() == Some("wasm");
        let component = artifact.filenames.iter().find(wasm).cloned();
        artifact.executable.clone().or(component).filter(|_| is_it)
    })?;
    made.with_context(|| format!("{package} gave nothing that can be started"))
}

fn run(context: &BenchContext<'_>, name: &str, command: &mut Command) -> Result<()> {
    let step = context.console.step(name);
    let log = context.home.log(&format!("bench-{name}"));
    child::run(command, &log, None, &|line| step.line(line))?;
    step.done();
    Ok(())
}
