//! `guru test`: steps one after the other, and a table of how each ended. Knows which steps there are, not what any of them
//! runs.

mod aws;
mod budget;
mod new;
mod openapi;
mod server;
mod steps;
mod table;

use std::{env, time::Instant};

use anyhow::{Context as _, Result, bail};

use crate::{
    args, build,
    console::{Console, say},
    home::Home,
    interrupt,
    workspace::Workspace,
};

use steps::show;
use table::{Outcome, summary};

/// What every step may look at.
struct Scene<'a> {
    home: &'a Home,
    console: Console,
    workspace: &'a Workspace,
    /// The function that is deployed, and in a project the one that is meant.
    function: &'a str,
    options: &'a args::Test,
    /// The targets that must run here.
    require: Vec<String>,
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
    /// In Guru's own workspace, and only when it is asked for by its name: it takes minutes, and more of them find more.
    Asked,
    /// In anybody else's.
    Project,
}

/// How a step ended that did not fail.
enum End {
    Passed,
    /// The workspace has nothing that this step is about.
    NothingToDo(&'static str),
}

const STEPS: [Step; 12] = [
    Step {
        name: "setup",
        why: "every toolchain and tool the other steps need is there",
        of: Of::Any,
        run: steps::set_up,
    },
    Step {
        name: "tests",
        why: "unit tests, examples in the docs; in Guru itself the conformance vectors on every target that runs here",
        of: Of::Any,
        run: steps::tests,
    },
    Step {
        name: "benches",
        why: "the benchmarks still compile and run, once each and not timed",
        of: Of::Guru,
        run: steps::benches,
    },
    Step {
        name: "bare core",
        why: "the core builds for a target that has no std at all",
        of: Of::Guru,
        run: steps::bare_core,
    },
    Step {
        name: "functions",
        why: "each function builds for the vendors' targets as it is",
        of: Of::Guru,
        run: steps::functions,
    },
    Step {
        name: "builds",
        why: "the function is built for every target, optimised",
        of: Of::Project,
        run: steps::builds,
    },
    Step {
        name: "conform",
        why: "the vectors that hold for any function, on every target that runs here",
        of: Of::Project,
        run: steps::conform,
    },
    Step {
        name: "openapi",
        why: "the example's OpenAPI document is valid, and its server does what the document says",
        of: Of::Guru,
        run: steps::openapi,
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
        run: steps::aws,
    },
    Step {
        name: "new",
        why: "a function of one's own goes the whole way: new, dev, test, build",
        of: Of::Guru,
        run: steps::new,
    },
    Step {
        name: "fuzz",
        why: "what a client or a host can send, a minute for each property: nothing panics, nothing is lost",
        of: Of::Asked,
        run: steps::fuzz,
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
        require: Vec::from_iter(
            options
                .require
                .iter()
                .filter(|name| !is_step(name))
                .cloned(),
        ),
    };
    let of = if is_guru { Of::Guru } else { Of::Project };
    let mut steps = Vec::from(STEPS);
    steps.retain(|step| step.of == Of::Any || step.of == of || step.of == Of::Asked && is_guru);
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
    steps.retain(|step| match &options.only[..] {
        [] => step.of != Of::Asked,
        only => only.iter().any(|name| name == step.name),
    });
    let mut table = Vec::new();
    let mut stopped = false;
    for step in steps {
        let started = Instant::now();
        let outcome = if stopped {
            Outcome::NotRun("an earlier step failed")
        } else {
            take(
                &step,
                &scene,
                options.require.iter().any(|name| name == step.name),
            )
        };
        stopped |= matches!(outcome, Outcome::Failed) && !options.keep_going;
        table.push((step.name, outcome, started.elapsed()));
    }
    let good = !table.iter().any(|(_, o, _)| matches!(o, Outcome::Failed));
    say(&format!("\n{}", summary(&table)));
    Ok(good)
}

/// Whether a name is that of a step, and not of a target.
fn is_step(name: &str) -> bool {
    STEPS.iter().any(|step| step.name == name)
}

fn take(step: &Step, scene: &Scene<'_>, is_required: bool) -> Outcome {
    say(&format!("\n== {}: {}", step.name, step.why));
    match (step.run)(scene) {
        Ok(End::Passed) => Outcome::Passed,
        Ok(End::NothingToDo(reason)) if is_required => {
            eprintln!("{} is required, and cannot run here: {reason}", step.name);
            Outcome::Failed
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What setup can get runs where it is decided what lands; Spin is somebody else's to install.
    #[test]
    fn nothing_that_setup_can_get_is_left_out_where_it_counts() {
        let script = include_str!("../../../.ci/run");
        let line = script.lines().find(|line| line.contains("guru test"));
        let (_, required) = line.unwrap().split_once("--require ").unwrap();
        let mut want: Vec<_> = conformance::driver::drivers()
            .iter()
            .map(|driver| driver.name())
            .filter(|name| !name.starts_with("spin"))
            .collect();
        want.push("aws");
        assert_eq!(required.trim().split(',').collect::<Vec<_>>(), want);
        assert!(want.iter().filter(|name| is_step(name)).eq(&["aws"]));
    }

    #[test]
    fn a_required_step_that_cannot_run_has_failed() {
        let workspace = Workspace::find().unwrap();
        let options = args::Test::default();
        let scene = Scene {
            home: &Home::from_env().unwrap(),
            console: Console::new(),
            workspace: &workspace,
            function: "probe",
            options: &options,
            require: Vec::new(),
        };
        let step = Step {
            name: "aws",
            why: "it is asked for",
            of: Of::Any,
            run: |_| Ok(End::NothingToDo("there is no account")),
        };
        assert!(matches!(take(&step, &scene, false), Outcome::NotRun(_)));
        assert!(matches!(take(&step, &scene, true), Outcome::Failed));
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
