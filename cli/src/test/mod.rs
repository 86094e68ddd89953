//! `guru test`: steps one after the other, and a table of how each ended. Knows what each step runs, not how any of
//! the tools works.

mod openapi;
mod server;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::{
    args, child,
    console::{Console, mark, say, seconds},
    home::Home,
    interrupt,
    leash::Leash,
    setup,
    setup::wasm::wasm_cargo,
    surroundings,
    workspace::Workspace,
};

/// The targets that functions are built for; the core alone must do with less.
const FUNCTION_TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip2"];
const BARE_TARGET: &str = "wasm32v1-none";

/// What every step may look at.
struct Scene<'a> {
    home: &'a Home,
    console: Console,
    workspace: &'a Workspace,
    options: &'a args::Test,
}

/// One step.
struct Step {
    name: &'static str,
    why: &'static str,
    run: fn(&Scene<'_>) -> Result<End>,
}

/// How a step ended that did not fail.
enum End {
    Passed,
    /// The workspace has nothing that this step is about.
    NothingToDo(&'static str),
}

/// How a step ended, for the table.
enum Outcome {
    Passed,
    Failed,
    NotRun(&'static str),
}

const STEPS: [Step; 6] = [
    Step {
        name: "setup",
        why: "every toolchain and tool the other steps need is there",
        run: set_up,
    },
    Step {
        name: "tests",
        why: "unit tests, examples in the docs, and the conformance vectors on every target that runs here",
        run: tests,
    },
    Step {
        name: "benches",
        why: "the benchmarks still compile and run, once each and not timed",
        run: benches,
    },
    Step {
        name: "bare core",
        why: "the core builds for a target that has no std at all",
        run: bare_core,
    },
    Step {
        name: "functions",
        why: "each function builds for the vendors' targets as it is",
        run: functions,
    },
    Step {
        name: "openapi",
        why: "the example's OpenAPI document is valid, and its server does what the document says",
        run: openapi,
    },
];

/// Runs the steps. False when one failed.
pub(crate) fn run(home: &Home, console: Console, options: &args::Test) -> Result<bool> {
    let workspace = Workspace::find()?;
    let scene = Scene {
        home,
        console,
        workspace: &workspace,
        options,
    };
    let mut table = Vec::new();
    let mut stopped = false;
    for step in STEPS {
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

fn summary(table: &[(&str, Outcome, Duration)]) -> String {
    let line = |(name, outcome, time): &(&str, Outcome, Duration)| {
        let time = seconds(*time);
        match outcome {
            Outcome::Passed => format!("{} {name:<10} passed   {time:>12}", mark(true, true)),
            Outcome::Failed => format!("{} {name:<10} FAILED   {time:>12}", mark(false, true)),
            Outcome::NotRun(reason) => {
                format!("{} {name:<10} not run  {reason:>12}", mark(false, false))
            }
        }
    };
    table.iter().map(line).collect::<Vec<_>>().join("\n")
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
    fn the_table_names_every_step_and_how_it_ended() {
        let table = [
            ("setup", Outcome::Passed, Duration::from_millis(400)),
            ("tests", Outcome::Failed, Duration::from_secs(75)),
            (
                "openapi",
                Outcome::NotRun("an earlier step failed"),
                Duration::ZERO,
            ),
        ];
        let text = summary(&table);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[0].contains("setup") && lines[0].contains("passed") && lines[0].contains("0.4 s")
        );
        assert!(lines[1].contains("FAILED") && lines[1].contains("1 min 15 s"));
        assert!(lines[2].contains("not run") && lines[2].contains("an earlier step failed"));
    }

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
