//! What each step of `guru test` runs. Knows neither in which order nor how any of the tools works.

use std::process::Command;

use anyhow::{Result, bail};

use super::{End, Scene, aws, new, openapi};
use crate::{
    args, build, cargo, child, conform, console::say, leash::Leash, setup, setup::wasm::wasm_cargo,
};

/// The targets that functions are built for; the core alone must do with less.
const FUNCTION_TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip2"];
const BARE_TARGET: &str = "wasm32v1-none";

/// How long each property is tried.
const FUZZ_SECONDS: &str = "60";

pub(super) fn set_up(scene: &Scene<'_>) -> Result<End> {
    if scene.options.no_setup {
        return Ok(End::NothingToDo("left out by --no-setup"));
    }
    let scope = match scene.workspace.core() {
        Some(_) => setup::Scope::Everything,
        None => setup::Scope::Project,
    };
    if setup::install(scene.home, scene.console, scope, false)? {
        Ok(End::Passed)
    } else {
        bail!("something required is missing; the lines above say what and how to get it")
    }
}

pub(super) fn tests(scene: &Scene<'_>) -> Result<End> {
    let mut cargo = native_cargo(scene);
    cargo.args(["test", "--workspace"]);
    if scene.options.keep_going {
        cargo.arg("--no-fail-fast");
    }
    for (name, targets) in [
        ("GURU_ON", &scene.options.on),
        ("GURU_REQUIRE", &scene.require),
    ] {
        if !targets.is_empty() {
            cargo.env(name, targets.join(","));
        }
    }
    if scene.options.docs {
        let page = scene.workspace.root().join("docs").join("portability.md");
        cargo.env("GURU_DOCS", page);
    }
    let ended = show(&mut cargo);
    let report = scene.workspace.target().join("conformance");
    if report.exists() {
        say(&format!(
            "The conformance report is in {}",
            report.display()
        ));
    }
    ended?;
    Ok(End::Passed)
}

pub(super) fn benches(scene: &Scene<'_>) -> Result<End> {
    let packages = scene.workspace.benched();
    if packages.is_empty() {
        return Ok(End::NothingToDo("the workspace has no benchmarks"));
    }
    let mut cargo = native_cargo(scene);
    cargo.args(["test", "--bench", "*"]);
    show(choose(&mut cargo, packages))?;
    Ok(End::Passed)
}

pub(super) fn bare_core(scene: &Scene<'_>) -> Result<End> {
    let Some(core) = scene.workspace.core() else {
        return Ok(End::NothingToDo("the core is not part of this workspace"));
    };
    let mut cargo = wasm_cargo(scene.home)?;
    cargo.current_dir(scene.workspace.root()).args([
        "build",
        "--package",
        core,
        "--target",
        BARE_TARGET,
    ]);
    show(&mut cargo)?;
    Ok(End::Passed)
}

pub(super) fn functions(scene: &Scene<'_>) -> Result<End> {
    let packages = scene.workspace.functions();
    if packages.is_empty() {
        return Ok(End::NothingToDo("the workspace has no functions"));
    }
    for target in FUNCTION_TARGETS {
        // A function's library and its one-line program give files of the same name: the library is built last, so
        // that it is the one that stays.
        for part in ["--bins", "--lib"] {
            let mut cargo = wasm_cargo(scene.home)?;
            cargo
                .current_dir(scene.workspace.root())
                .args(["build", part, "--target", target]);
            show(choose(&mut cargo, packages))?;
        }
    }
    Ok(End::Passed)
}

pub(super) fn openapi(scene: &Scene<'_>) -> Result<End> {
    let packages = scene.workspace.examples();
    if packages.is_empty() {
        return Ok(End::NothingToDo("the workspace has no example"));
    }
    for package in packages {
        let program = build::program(&build::Scene {
            function: package,
            is_release: false,
            ..scene.build()
        })?;
        openapi::check(scene.home, scene.console, &program)?;
    }
    Ok(End::Passed)
}

pub(super) fn builds(scene: &Scene<'_>) -> Result<End> {
    let options = args::Build {
        function: Some(scene.function.to_owned()),
        on: Vec::new(),
        release: true,
        out: None,
        json: false,
    };
    build::run(scene.home, scene.console, &options)?;
    Ok(End::Passed)
}

pub(super) fn conform(scene: &Scene<'_>) -> Result<End> {
    let options = args::Conform {
        url: None,
        on: scene.options.on.clone(),
        require: scene.require.clone(),
    };
    let project = conform::project(scene.workspace, Some(scene.function))?;
    if conform::play(
        scene.workspace.target().join("conformance"),
        Some(project),
        &options,
    )? {
        Ok(End::Passed)
    } else {
        bail!("a case failed; the report above says which")
    }
}

pub(super) fn aws(scene: &Scene<'_>) -> Result<End> {
    if let Some(missing) = aws::missing(scene) {
        return Ok(End::NothingToDo(missing));
    }
    aws::check(scene, scene.function)?;
    Ok(End::Passed)
}

pub(super) fn new(scene: &Scene<'_>) -> Result<End> {
    new::check(scene)?;
    Ok(End::Passed)
}

/// The fuzzers' workspace is one of its own, and so is what is built for it.
pub(super) fn fuzz(scene: &Scene<'_>) -> Result<End> {
    let manifest = scene.workspace.root().join("fuzz").join("Cargo.toml");
    let mut cargo = native_cargo(scene);
    cargo
        .args(["test", "--package", "properties", "--test", "properties"])
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(scene.workspace.target().join("fuzz"))
        .args(["--", "--show-output"])
        .env("GURU_FUZZ_SECONDS", FUZZ_SECONDS);
    show(&mut cargo)?;
    Ok(End::Passed)
}

/// The user's own cargo, at the top of the workspace.
fn native_cargo(scene: &Scene<'_>) -> Command {
    cargo::native(scene.workspace.root())
}

fn choose<'a>(cargo: &'a mut Command, packages: &[String]) -> &'a mut Command {
    for package in packages {
        cargo.args(["--package", package]);
    }
    cargo
}

/// Runs a command in full view, and says what it is.
pub(super) fn show(command: &mut Command) -> Result<()> {
    let spelt = child::spell(command);
    say(&format!("$ {spelt}"));
    match Leash::spawn(command).and_then(|child| child.wait()) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("`{spelt}` {}", child::describe(status)),
        Err(error) => Err(anyhow::Error::new(error).context(format!("cannot start `{spelt}`"))),
    }
}
