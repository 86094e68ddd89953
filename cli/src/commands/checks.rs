//! `guru test`: the checks of an author's function, in steps.

use std::env;

use anyhow::{Result, bail};

use crate::{
    args, artefacts, cargo,
    commands::{
        conform,
        setup::{self, Scope},
    },
    console::Console,
    home::Home,
    steps::{Choice, Step, StepResult, show, take_all},
    workspace::Workspace,
};

/// The context of every step.
struct TestContext<'a> {
    home: &'a Home,
    console: Console,
    workspace: &'a Workspace,
    function: &'a str,
    options: &'a args::Test,
    /// The targets that must be able to run here.
    require: Vec<String>,
}

/// The steps, in the order they run.
const fn steps<'a>() -> [Step<TestContext<'a>>; 4] {
    [
        Step {
            name: "setup",
            why: "every toolchain and tool the other steps need is there",
            is_asked_for: false,
            run: set_up,
        },
        Step {
            name: "tests",
            why: "unit tests, examples in the docs",
            is_asked_for: false,
            run: tests,
        },
        Step {
            name: "builds",
            why: "the function is built for every target, optimised",
            is_asked_for: false,
            run: builds,
        },
        Step {
            name: "conform",
            why: "the vectors that hold for any function, on every target that runs here",
            is_asked_for: false,
            run: conform,
        },
    ]
}

/// Runs the steps. Returns false when one failed.
///
/// # Errors
///
/// When there is no function, or a named step does not exist.
pub fn run(home: &Home, console: Console, options: &args::Test) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir()?;
    let steps = steps();
    let choice = Choice {
        only: &options.only,
        require: &options.require,
        keep_going: options.keep_going,
    };
    let context = TestContext {
        home,
        console,
        workspace: &workspace,
        function: artefacts::choose(&workspace, None, &here)?,
        options,
        require: choice.beyond(&steps),
    };
    take_all(&steps, &context, &choice)
}

fn set_up(context: &TestContext<'_>) -> Result<StepResult> {
    if context.options.no_setup {
        return Ok(StepResult::NothingToDo("left out by --no-setup"));
    }
    if setup::install(context.home, context.console, Scope::Everything, false)? {
        Ok(StepResult::Passed)
    } else {
        bail!("something required is missing; the lines above say what and how to get it")
    }
}

fn tests(context: &TestContext<'_>) -> Result<StepResult> {
    let mut cargo = cargo::native(context.workspace.root());
    cargo.args(["test", "--workspace"]);
    if context.options.keep_going {
        cargo.arg("--no-fail-fast");
    }
    show(&mut cargo)?;
    Ok(StepResult::Passed)
}

fn builds(context: &TestContext<'_>) -> Result<StepResult> {
    let options = args::Build {
        function: Some(context.function.to_owned()),
        on: Vec::new(),
        release: true,
        out: None,
        json: false,
        features: args::Features::default(),
    };
    super::build::run(context.home, context.console, &options)?;
    Ok(StepResult::Passed)
}

fn conform(context: &TestContext<'_>) -> Result<StepResult> {
    let options = args::Conform {
        url: None,
        on: context.options.on.clone(),
        require: context.require.clone(),
    };
    let project = conform::project(context.workspace, Some(context.function))?;
    if conform::play(
        context.workspace.target().join("conformance"),
        Some(project),
        &options,
    )? {
        Ok(StepResult::Passed)
    } else {
        bail!("a case failed; the report above says which")
    }
}
