//! The implementation of each test step.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use guru_toolbox::{
    items::wasm::{wasm_cargo, wasm_cargo_for},
    postgres,
    steps::{StepResult, show},
};

use crate::{
    artefacts, aws, cargo,
    console::say,
    context::TestContext,
    data,
    leash::Leash,
    links, new, openapi, others, realworld,
    setup::{self, NEWMAN},
    setup::{AWS, tools},
};

/// The target triples of functions, each with the feature of `guru` that selects the adapter. The core alone must build for less.
const ADAPTERS: [(&str, &str); 2] = [
    ("wasm32-unknown-unknown", "cloudflare"),
    ("wasm32-wasip2", "wasi"),
];
const BARE_TARGET: &str = "wasm32v1-none";

/// How long each property is fuzzed.
const FUZZ_SECONDS: &str = "60";

pub(crate) fn set_up(context: &TestContext<'_>) -> Result<StepResult> {
    if context.options.no_setup {
        return Ok(StepResult::NothingToDo("left out by --no-setup"));
    }
    let only = &context.options.only;
    let _ahead = match only.is_empty() || only.iter().any(|step| step == "tests") {
        true => Some(compile_ahead(context)?),
        false => None,
    };
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

/// Starts compiling the tests in the background, since setup mostly waits for the network. Dropping the returned process ends it;
/// the tests need not compile again what it has finished by then.
fn compile_ahead(context: &TestContext<'_>) -> Result<Leash> {
    context
        .console
        .note("compiling the tests meanwhile, which takes minutes the first time");
    let mut cargo = native_cargo(context);
    cargo
        .args(["test", "--workspace", "--no-run", "--quiet"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Leash::family(&mut cargo).context("cannot start cargo")
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
    if AWS.is_here(context.home) {
        // The services of AWS are tested against it. It takes any credentials.
        cargo.env("MINISTACK_BIN", AWS.program(context.home, "ministack"));
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            cargo.env(name, "test");
        }
    }
    match postgres::runs(context.home) {
        Ok(programs) => {
            cargo.env("POSTGRES_BIN", programs);
        }
        Err(error) => {
            context
                .console
                .note(&format!("databases of PostgreSQL are not run: {error:#}"));
            cargo.env("GURU_LACKS", "postgres");
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
    let mut fuzzers = fuzzers(context, "check");
    show(fuzzers.args(["--workspace", "--all-targets"]))?;
    Ok(StepResult::Passed)
}

pub(crate) fn bare_core(context: &TestContext<'_>) -> Result<StepResult> {
    let Some(core) = context.workspace.core() else {
        return Ok(StepResult::NothingToDo(
            "the core is not part of this workspace",
        ));
    };
    let mut cargo = wasm_cargo_for(context.home, &[BARE_TARGET])?;
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

/// Checks the crates with features for users, with each feature alone and with none. Where the installed toolchain is the oldest
/// supported one, this also tests the minimum version of Rust.
pub(crate) fn features(context: &TestContext<'_>) -> Result<StepResult> {
    let Some(hack) = tools::program(context.home, &tools::HACK) else {
        return Ok(StepResult::NothingToDo(
            "there is no cargo-hack: `cargo guru setup` gets it",
        ));
    };
    let mut cargo = native_cargo(context);
    cargo
        .args(["hack", "check", "--each-feature"])
        .args(["--package", "guru-core", "--package", "guru"])
        .args(["--package", "guru-services"])
        .env("PATH", first_on_path(&hack)?);
    show(&mut cargo)?;
    Ok(StepResult::Passed)
}

/// Licences, sources and banned crates, as configured in deny.toml.
pub(crate) fn dependencies(context: &TestContext<'_>) -> Result<StepResult> {
    let Some(deny) = tools::program(context.home, &tools::DENY) else {
        return Ok(StepResult::NothingToDo(
            "there is no cargo-deny: `cargo install --locked cargo-deny`, which takes five minutes",
        ));
    };
    let mut cargo = Command::new(deny);
    cargo
        .current_dir(context.workspace.root())
        .args(["check", "bans", "licenses", "sources"]);
    show(&mut cargo)?;
    Ok(StepResult::Passed)
}

fn first_on_path(program: &Path) -> Result<OsString> {
    let folder = program.parent().map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(folder.into_iter().chain(env::split_paths(&path)))
        .context("the folder of a tool cannot be part of PATH")
}

pub(crate) fn functions(context: &TestContext<'_>) -> Result<StepResult> {
    let packages = context.workspace.functions();
    if packages.is_empty() {
        return Ok(StepResult::NothingToDo("the workspace has no functions"));
    }
    for (target, adapter) in ADAPTERS {
        // A function's library and its one-line program produce files of the same name. The library is built last, so that its
        // file remains.
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

pub(crate) fn data(context: &TestContext<'_>) -> Result<StepResult> {
    data::check(context)?;
    Ok(StepResult::Passed)
}

pub(crate) fn links(context: &TestContext<'_>) -> Result<StepResult> {
    if which::which("curl").is_err() {
        return Ok(StepResult::NothingToDo("there is no curl"));
    }
    links::check(context)?;
    Ok(StepResult::Passed)
}

pub(crate) fn others(context: &TestContext<'_>) -> Result<StepResult> {
    others::check(context)?;
    Ok(StepResult::Passed)
}

pub(crate) fn realworld(context: &TestContext<'_>) -> Result<StepResult> {
    let Some(newman) = NEWMAN.program(context.home, "newman") else {
        return Ok(StepResult::NothingToDo("there is no newman"));
    };
    realworld::check(context, &newman)?;
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

pub(crate) fn fuzz(context: &TestContext<'_>) -> Result<StepResult> {
    let mut cargo = fuzzers(context, "test");
    cargo
        .args(["--package", "properties", "--test", "properties"])
        .args(["--", "--show-output"])
        .env("GURU_FUZZ_SECONDS", FUZZ_SECONDS);
    show(&mut cargo)?;
    Ok(StepResult::Passed)
}

/// A command of cargo's in the fuzzers' own workspace and target directory.
fn fuzzers(context: &TestContext<'_>, command: &str) -> Command {
    let mut cargo = native_cargo(context);
    cargo
        .args([command, "--locked", "--manifest-path"])
        .arg(context.workspace.root().join("fuzz").join("Cargo.toml"))
        .arg("--target-dir")
        .arg(context.workspace.target().join("fuzz"));
    cargo
}

/// The user's own cargo, at the root of the workspace.
fn native_cargo(context: &TestContext<'_>) -> Command {
    cargo::native(context.workspace.root())
}

fn choose<'a>(cargo: &'a mut Command, packages: &[String]) -> &'a mut Command {
    for package in packages {
        cargo.args(["--package", package]);
    }
    cargo
}
