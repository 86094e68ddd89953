//! `guru test`: steps one after the other, and a table of how each ended. Knows what each step runs, not how any of
//! the tools works.

mod aws;
mod budget;
mod new;
mod openapi;
mod server;
mod table;

use std::{env, process::Command, time::Instant};

use anyhow::{Context as _, Result, bail};

use crate::{
    args, build, child, conform,
    console::{Console, say},
    home::Home,
    interrupt,
    leash::Leash,
    setup,
    setup::wasm::wasm_cargo,
    surroundings,
    workspace::Workspace,
};

use table::{Outcome, summary};

/// The targets that functions are built for; the core alone must do with less.
const FUNCTION_TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip2"];
const BARE_TARGET: &str = "wasm32v1-none";

/// What every step may look at.
struct Scene<'a> {
    home: &'a Home,
    console: Console,
    workspace: &'a Workspace,
    /// The function that is deployed, and in a project the one that is meant.
    function: &'a str,
    options: &'a args::Test,
}

impl Scene<'_> {
    /// As a build sees it: what is deployed is optimised.
    fn build(&self) -> build::Scene<'_> {
        build::Scene {
            home: self.home,
            console: self.console,
            workspace: self.workspace,
            function: self.function,
            is_release: true,
        }
    }
}

/// One step.
struct Step {
    name: &'static str,
    why: &'static str,
    of: Of,
    run: fn(&Scene<'_>) -> Result<End>,
}

/// Where a step has something to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Anywhere.
    Any,
    /// In Guru's own workspace.
    Guru,
    /// In anybody else's.
    Project,
}

/// How a step ended that did not fail.
enum End {
    Passed,
    /// The workspace has nothing that this step is about.
    NothingToDo(&'static str),
}

const STEPS: [Step; 11] = [
    Step {
        name: "setup",
        why: "every toolchain and tool the other steps need is there",
        of: Of::Any,
        run: set_up,
    },
    Step {
        name: "tests",
        why: "unit tests, examples in the docs; in Guru itself the conformance vectors on every target that runs here",
        of: Of::Any,
        run: tests,
    },
    Step {
        name: "benches",
        why: "the benchmarks still compile and run, once each and not timed",
        of: Of::Guru,
        run: benches,
    },
    Step {
        name: "bare core",
        why: "the core builds for a target that has no std at all",
        of: Of::Guru,
        run: bare_core,
    },
    Step {
        name: "functions",
        why: "each function builds for the vendors' targets as it is",
        of: Of::Guru,
        run: functions,
    },
    Step {
        name: "builds",
        why: "the function is built for every target, optimised",
        of: Of::Project,
        run: builds,
    },
    Step {
        name: "conform",
        why: "the vectors that hold for any function, on every target that runs here",
        of: Of::Project,
        run: conform,
    },
    Step {
        name: "openapi",
        why: "the example's OpenAPI document is valid, and its server does what the document says",
        of: Of::Guru,
        run: openapi,
    },
    Step {
        name: "budget",
        why: "the example's bytes and the core's instructions are within bench/budget.toml",
        of: Of::Guru,
        run: budget::check,
    },
    Step {
        name: "aws",
        why: "the function is deployed to a whole AWS on this machine, called, changed and deleted",
        of: Of::Any,
        run: aws,
    },
    Step {
        name: "new",
        why: "a function of one's own goes the whole way: new, dev, test, build",
        of: Of::Guru,
        run: new,
    },
];

/// Runs the steps. False when one failed.
pub(crate) fn run(home: &Home, console: Console, options: &args::Test) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let is_guru = workspace.core().is_some();
    let scene = Scene {
        home,
        console,
        workspace: &workspace,
        // Guru's own steps are the same from every folder.
        function: build::choose(
            &workspace,
            None,
            if is_guru { workspace.root() } else { &here },
        )?,
        options,
    };
    let of = if is_guru { Of::Guru } else { Of::Project };
    let mut steps = Vec::from(STEPS);
    steps.retain(|step| step.of == Of::Any || step.of == of);
    let names: Vec<_> = steps.iter().map(|step| step.name).collect();
    if let Some(unknown) = options
        .only
        .iter()
        .find(|name| !names.contains(&name.as_str()))
    {
        bail!(
            "there is no step `{unknown}` here: the steps are {}",
            names.join(", ")
        );
    }
    steps.retain(|step| {
        options.only.is_empty() || options.only.iter().any(|name| name == step.name)
    });
    let mut table = Vec::new();
    let mut stopped = false;
    for step in steps {
        let started = Instant::now();
        let outcome = if stopped {
            Outcome::NotRun("an earlier step failed")
        } else {
            take(&step, &scene)
        };
        stopped |= matches!(outcome, Outcome::Failed) && !options.keep_going;
        table.push((step.name, outcome, started.elapsed()));
    }
    let good = !table.iter().any(|(_, o, _)| matches!(o, Outcome::Failed));
    say(&format!("\n{}", summary(&table)));
    Ok(good)
}

fn take(step: &Step, scene: &Scene<'_>) -> Outcome {
    say(&format!("\n== {}: {}", step.name, step.why));
    match (step.run)(scene) {
        Ok(End::Passed) => Outcome::Passed,
        Ok(End::NothingToDo(reason)) => {
            say(reason);
            Outcome::NotRun(reason)
        }
        Err(error) => {
            interrupt::give_way();
            eprintln!("{} failed: {error:#}", step.name);
            Outcome::Failed
        }
    }
}

fn set_up(scene: &Scene<'_>) -> Result<End> {
    if scene.options.no_setup {
        return Ok(End::NothingToDo("left out by --no-setup"));
    }
    if setup::install(scene.home, scene.console, false)? {
        Ok(End::Passed)
    } else {
        bail!("something required is missing; the lines above say what and how to get it")
    }
}

fn tests(scene: &Scene<'_>) -> Result<End> {
    let mut cargo = native_cargo(scene);
    cargo.args(["test", "--workspace"]);
    if scene.options.keep_going {
        cargo.arg("--no-fail-fast");
    }
    for (name, targets) in [
        ("GURU_ON", &scene.options.on),
        ("GURU_REQUIRE", &scene.options.require),
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

fn benches(scene: &Scene<'_>) -> Result<End> {
    let packages = scene.workspace.benched();
    if packages.is_empty() {
        return Ok(End::NothingToDo("the workspace has no benchmarks"));
    }
    let mut cargo = native_cargo(scene);
    cargo.args(["test", "--bench", "*"]);
    show(choose(&mut cargo, packages))?;
    Ok(End::Passed)
}

fn bare_core(scene: &Scene<'_>) -> Result<End> {
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

fn functions(scene: &Scene<'_>) -> Result<End> {
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

fn openapi(scene: &Scene<'_>) -> Result<End> {
    let packages = scene.workspace.examples();
    if packages.is_empty() {
        return Ok(End::NothingToDo("the workspace has no example"));
    }
    for package in packages {
        let mut cargo = native_cargo(scene);
        cargo.args(["build", "--package", package]);
        show(&mut cargo)?;
        let mut program = scene.workspace.target().join("debug").join(package);
        program.set_extension(std::env::consts::EXE_EXTENSION);
        openapi::check(scene.home, scene.console, &program)?;
    }
    Ok(End::Passed)
}

fn builds(scene: &Scene<'_>) -> Result<End> {
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

fn conform(scene: &Scene<'_>) -> Result<End> {
    let options = args::Conform {
        url: None,
        on: scene.options.on.clone(),
        require: scene.options.require.clone(),
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

fn aws(scene: &Scene<'_>) -> Result<End> {
    if let Some(missing) = aws::missing(scene) {
        return Ok(End::NothingToDo(missing));
    }
    aws::check(scene, scene.function)?;
    Ok(End::Passed)
}

fn new(scene: &Scene<'_>) -> Result<End> {
    new::check(scene)?;
    Ok(End::Passed)
}

/// The user's own cargo, at the top of the workspace.
fn native_cargo(scene: &Scene<'_>) -> Command {
    let mut cargo = surroundings::command("cargo");
    cargo.current_dir(scene.workspace.root());
    cargo
}

fn choose<'a>(cargo: &'a mut Command, packages: &[String]) -> &'a mut Command {
    for package in packages {
        cargo.args(["--package", package]);
    }
    cargo
}

/// Runs a command in full view, and says what it is.
fn show(command: &mut Command) -> Result<()> {
    let spelt = child::spell(command);
    say(&format!("$ {spelt}"));
    match Leash::spawn(command).and_then(|child| child.wait()) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("`{spelt}` {}", child::describe(status)),
        Err(error) => Err(anyhow::Error::new(error).context(format!("cannot start `{spelt}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_names_of_their_own_and_reasons() {
        let names: std::collections::BTreeSet<_> = STEPS.iter().map(|s| s.name).collect();
        assert_eq!(names.len(), STEPS.len());
        assert!(
            STEPS
                .iter()
                .all(|s| s.name.len() <= 10 && !s.why.is_empty())
        );
    }
}
