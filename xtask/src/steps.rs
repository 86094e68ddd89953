//! What each step of the tests runs. Knows neither in which order nor how any of the tools works.

use std::process::Command;

use anyhow::{Result, bail};

use guru_toolbox::{
    items::wasm::wasm_cargo,
    steps::{StepResult, show},
};

use crate::{artefacts, aws, cargo, console::say, context::TestContext, new, openapi, setup};

/// What functions are built for, each with the feature of `guru` that chooses the adapter; the core alone must do with less.
const ADAPTERS: [(&str, &str); 2] = [
    ("wasm32-unknown-unknown", "cloudflare"),
    ("wasm32-wasip2", "wasi"),
];
const BARE_TARGET: &str = "wasm32v1-none";

/// How long each property is tried.
const FUZZ_SECONDS: &str = "60";

pub(crate) fn set_up(context: &TestContext<'_>) -> Result<StepResult> {
    if context.options.no_setup {
        return Ok(StepResult::NothingToDo("left out by --no-setup"));
    }
    if setup::run(
        context.home,
        context.console,
        &guru_cli::args::Setup::default(),
    )? {
        Ok(StepResult::Passed)
    } else {
        bail!("something required is missing; the lines above say what and how to get it")
    }
}

pub(crate) fn tests(context: &TestContext<'_>) -> Result<StepResult> {
    let mut cargo = native_cargo(context);
    cargo.args(["test", "--workspace"]);
    if context.options.keep_going {
        cargo.arg("--no-fail-fast");
    }
    for (name, targets) in [
        ("GURU_ON", &context.options.on),
        ("GURU_REQUIRE", &context.require),
    ] {
        if !targets.is_empty() {
            cargo.env(name, targets.join(","));
        }
    }
    if context.docs {
        let page = context.workspace.root().join("docs").join("portability.md");
        cargo.env("GURU_DOCS", page);
    }
    let ended = show(&mut cargo);
    let report = context.workspace.target().join("conformance");
    if report.exists() {
        say(&format!(
            "The conformance report is in {}",
            report.display()
        ));
    }
    ended?;
    Ok(StepResult::Passed)
}

pub(crate) fn benches(context: &TestContext<'_>) -> Result<StepResult> {
    let packages = context.workspace.benched();
    if packages.is_empty() {
        return Ok(StepResult::NothingToDo("the workspace has no benchmarks"));
    }
    let mut cargo = native_cargo(context);
    cargo.args(["test", "--bench", "*"]);
    show(choose(&mut cargo, packages))?;
    Ok(StepResult::Passed)
}

pub(crate) fn bare_core(context: &TestContext<'_>) -> Result<StepResult> {
    let Some(core) = context.workspace.core() else {
        return Ok(StepResult::NothingToDo(
            "the core is not part of this workspace",
        ));
    };
    let mut cargo = wasm_cargo(context.home)?;
    cargo.current_dir(context.workspace.root()).args([
        "build",
        "--package",
        core,
        "--target",
        BARE_TARGET,
    ]);
    show(&mut cargo)?;
    Ok(StepResult::Passed)
}

pub(crate) fn functions(context: &TestContext<'_>) -> Result<StepResult> {
    let packages = context.workspace.functions();
    if packages.is_empty() {
        return Ok(StepResult::NothingToDo("the workspace has no functions"));
    }
    for (target, adapter) in ADAPTERS {
        // A function's library and its one-line program give files of the same name: the library is built last, so
        // that it is the one that stays.
        for part in ["--bins", "--lib"] {
            let mut cargo = wasm_cargo(context.home)?;
            cargo
                .current_dir(context.workspace.root())
                .args(["build", part, "--target", target])
                .arg("--features")
                .arg(format!("guru/{adapter}"));
            show(choose(&mut cargo, packages))?;
        }
    }
    Ok(StepResult::Passed)
}

pub(crate) fn openapi(context: &TestContext<'_>) -> Result<StepResult> {
    let packages = context.workspace.examples();
    if packages.is_empty() {
        return Ok(StepResult::NothingToDo("the workspace has no example"));
    }
    for package in packages {
        let program = artefacts::program(&artefacts::BuildContext {
            function: package,
            is_release: false,
            ..context.build()
        })?;
        openapi::check(context.home, context.console, &program)?;
    }
    Ok(StepResult::Passed)
}

pub(crate) fn aws(context: &TestContext<'_>) -> Result<StepResult> {
    if let Some(missing) = aws::missing(context) {
        return Ok(StepResult::NothingToDo(missing));
    }
    aws::check(context, context.function)?;
    Ok(StepResult::Passed)
}

pub(crate) fn new(context: &TestContext<'_>) -> Result<StepResult> {
    new::check(context)?;
    Ok(StepResult::Passed)
}

/// The fuzzers' workspace is one of its own, and so is what is built for it.
pub(crate) fn fuzz(context: &TestContext<'_>) -> Result<StepResult> {
    let manifest = context.workspace.root().join("fuzz").join("Cargo.toml");
    let mut cargo = native_cargo(context);
    cargo
        .args(["test", "--package", "properties", "--test", "properties"])
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(context.workspace.target().join("fuzz"))
        .args(["--", "--show-output"])
        .env("GURU_FUZZ_SECONDS", FUZZ_SECONDS);
    show(&mut cargo)?;
    Ok(StepResult::Passed)
}

/// The user's own cargo, at the top of the workspace.
fn native_cargo(context: &TestContext<'_>) -> Command {
    cargo::native(context.workspace.root())
}

fn choose<'a>(cargo: &'a mut Command, packages: &[String]) -> &'a mut Command {
    for package in packages {
        cargo.args(["--package", package]);
    }
    cargo
}
