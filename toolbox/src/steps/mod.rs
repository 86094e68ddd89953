//! Runs steps one after the other, and prints a table of their outcomes.

mod table;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::{child, console::say, interrupt, leash::Leash};
use table::{Outcome, summary};

/// A step, which runs in a context `S`.
pub struct Step<S> {
    /// Its name.
    pub name: &'static str,
    /// What it verifies.
    pub why: &'static str,
    /// Whether it runs only when selected by name.
    pub is_asked_for: bool,
    /// The function to run.
    pub run: fn(&S) -> Result<StepResult>,
}

/// The result of a step that did not fail.
pub enum StepResult {
    /// It passed.
    Passed,
    /// There is nothing here for this step to do.
    NothingToDo(&'static str),
}

/// Which steps run, and what happens after a failure.
pub struct Choice<'a> {
    /// Only these steps, or all if empty.
    pub only: &'a [String],
    /// The steps that fail where they cannot run here.
    pub require: &'a [String],
    /// Whether to continue after a failed step.
    pub keep_going: bool,
}

impl Choice<'_> {
    /// What is required and no step: names of targets.
    #[must_use]
    pub fn beyond<S>(&self, steps: &[Step<S>]) -> Vec<String> {
        let is_step = |name: &&String| steps.iter().any(|step| step.name == **name);
        let others = self.require.iter().filter(|name| !is_step(name));
        others.cloned().collect()
    }
}

/// Runs the steps. Returns false when one failed.
///
/// # Errors
///
/// When a selected step does not exist.
pub fn take_all<S>(steps: &[Step<S>], context: &S, choice: &Choice<'_>) -> Result<bool> {
    let is_known = |name: &&String| steps.iter().any(|step| step.name == **name);
    if let Some(unknown) = choice.only.iter().find(|name| !is_known(name)) {
        let names: Vec<_> = steps.iter().map(|step| step.name).collect();
        bail!(
            "there is no step `{unknown}` here: the steps are {}",
            names.join(", ")
        );
    }
    let is_chosen = |step: &&Step<S>| match choice.only {
        [] => !step.is_asked_for,
        only => only.iter().any(|name| name == step.name),
    };
    let chosen: Vec<_> = steps.iter().filter(is_chosen).collect();
    let mut table: Vec<(&str, Outcome, Duration)> = Vec::new();
    for (index, step) in chosen.iter().enumerate() {
        let started = Instant::now();
        let has_failed = table
            .iter()
            .any(|(_, outcome, _)| matches!(outcome, Outcome::Failed));
        let outcome = if has_failed && !choice.keep_going {
            Outcome::NotRun("an earlier step failed")
        } else {
            say(&format!(
                "\n== {} ({} of {}): {}",
                step.name,
                index + 1,
                chosen.len(),
                step.why
            ));
            take(
                step,
                context,
                choice.require.iter().any(|name| name == step.name),
            )
        };
        table.push((step.name, outcome, started.elapsed()));
    }
    let good = !table.iter().any(|(_, o, _)| matches!(o, Outcome::Failed));
    say(&format!("\n{}", summary(&table)));
    Ok(good)
}

fn take<S>(step: &Step<S>, context: &S, is_required: bool) -> Outcome {
    match (step.run)(context) {
        Ok(StepResult::Passed) => Outcome::Passed,
        Ok(StepResult::NothingToDo(reason)) if is_required => {
            eprintln!("{} is required, and cannot run here: {reason}", step.name);
            Outcome::Failed
        }
        Ok(StepResult::NothingToDo(reason)) => {
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

/// Prints a command and runs it with its output shown.
///
/// # Errors
///
/// When it fails, or cannot be started.
pub fn show(command: &mut Command) -> Result<()> {
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

    const STEP: Step<()> = Step {
        name: "aws",
        why: "it is asked for",
        is_asked_for: false,
        run: |()| Ok(StepResult::NothingToDo("there is no account")),
    };

    #[test]
    fn a_required_step_that_cannot_run_has_failed() {
        assert!(matches!(take(&STEP, &(), false), Outcome::NotRun(_)));
        assert!(matches!(take(&STEP, &(), true), Outcome::Failed));
    }

    #[test]
    fn a_step_that_is_not_there_is_answered_with_those_that_are() {
        let choice = Choice {
            only: &["azure".to_owned()],
            require: &[],
            keep_going: false,
        };
        let error = take_all(&[STEP], &(), &choice).unwrap_err().to_string();
        assert_eq!(error, "there is no step `azure` here: the steps are aws");
    }
}
