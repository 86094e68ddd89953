//! `guru setup`: a list of items, each found or installed. Knows the order of the items, not what any of them is.

pub(crate) mod apt;
pub(crate) mod emulator;
pub(crate) mod python;
mod rust;
pub(crate) mod wasm;
pub(crate) mod wrangler;

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    console::{Console, mark, say, seconds},
    home::Home,
};

/// Something that Guru needs on this machine.
trait Item {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// What it is needed for.
    fn why(&self) -> &'static str;

    /// Whether the commands fail without it.
    fn required(&self) -> bool {
        true
    }

    /// Looks, and changes nothing.
    fn check(&self, home: &Home) -> Result<State>;

    /// Gets it. Half-made work must not pass the check.
    fn install(&self, home: &Home, console: Console) -> Result<()>;
}

/// What a check found.
enum State {
    /// It is there.
    Found { detail: String },
    /// It is not, and this is how to get it.
    Missing { how: String },
}

/// One line of the result.
struct Line {
    name: &'static str,
    why: &'static str,
    required: bool,
    outcome: Outcome,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Found,
    Installed,
    Missing,
    Failed,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Installed => "installed",
            Self::Missing => "missing",
            Self::Failed => "failed",
        }
    }

    const fn is_good(self) -> bool {
        matches!(self, Self::Found | Self::Installed)
    }
}

fn items() -> [Box<dyn Item>; 8] {
    [
        Box::new(rust::Rust),
        Box::new(wasm::Targets),
        Box::new(wasm::Link),
        Box::new(python::TOOLS),
        Box::new(wrangler::Wrangler),
        Box::new(emulator::Emulator),
        Box::new(python::SAM),
        Box::new(python::AWS),
    ]
}

/// Finds or installs everything. False when something required is not there afterwards.
pub(crate) fn install(home: &Home, console: Console, json: bool) -> Result<bool> {
    let lock = home.lock(console)?;
    let started = Instant::now();
    let mut lines = Vec::new();
    for item in items() {
        let line = get(item.as_ref(), home, console);
        // Progress has been shown meanwhile, so each line appears as soon as it is known.
        if !json {
            print(&line);
        }
        let stop = line.required && !line.outcome.is_good();
        lines.push(line);
        if stop {
            break;
        }
    }
    drop(lock);
    let good = all_there(&lines);
    if json {
        say(&format!("{}", report(home, &lines, good)));
    } else if good {
        say(&format!(
            "Everything is there, in {}; checked in {}.",
            home.root().display(),
            seconds(started.elapsed())
        ));
    }
    Ok(good)
}

/// Says what is there and what is missing, and changes nothing. False when something required is missing.
pub(crate) fn check(home: &Home, json: bool) -> bool {
    let lines: Vec<_> = items().iter().map(|i| look(i.as_ref(), home)).collect();
    let good = all_there(&lines);
    if json {
        say(&format!("{}", report(home, &lines, good)));
    } else {
        lines.iter().for_each(print);
        if !good {
            say("Run `guru setup` to get what is missing.");
        }
    }
    good
}

/// What a look found of one thing.
pub(crate) struct Found {
    pub(crate) name: &'static str,
    pub(crate) is_here: bool,
    pub(crate) is_required: bool,
    /// What is there, or how to get it.
    pub(crate) text: String,
}

/// Looks at everything, and changes nothing.
pub(crate) fn look_at_all(home: &Home) -> Vec<Found> {
    let lines = items().into_iter().map(|item| look(item.as_ref(), home));
    lines
        .map(|line| Found {
            name: line.name,
            is_here: line.outcome.is_good(),
            is_required: line.required,
            text: line.text,
        })
        .collect()
}

fn all_there(lines: &[Line]) -> bool {
    lines.iter().all(|l| l.outcome.is_good() || !l.required)
}

fn look(item: &dyn Item, home: &Home) -> Line {
    let (outcome, text) = match item.check(home) {
        Ok(State::Found { detail }) => (Outcome::Found, detail),
        Ok(State::Missing { how }) => (Outcome::Missing, how),
        Err(error) => (Outcome::Failed, format!("{error:#}")),
    };
    Line {
        name: item.name(),
        why: item.why(),
        required: item.required(),
        outcome,
        text,
    }
}

fn get(item: &dyn Item, home: &Home, console: Console) -> Line {
    let found = look(item, home);
    if found.outcome != Outcome::Missing {
        return found;
    }
    console.note(&format!("getting {}: {}", found.name, found.why));
    let (outcome, text) = match install_and_check(item, home, console) {
        Ok(detail) => (Outcome::Installed, detail),
        Err(error) => (Outcome::Failed, format!("{error:#}")),
    };
    Line {
        outcome,
        text,
        ..found
    }
}

fn install_and_check(item: &dyn Item, home: &Home, console: Console) -> Result<String> {
    item.install(home, console)?;
    match item
        .check(home)
        .context("it was installed, but looking at it failed")?
    {
        State::Found { detail } => Ok(detail),
        State::Missing { how } => bail!("it was installed, but is still not found: {how}"),
    }
}

fn print(line: &Line) {
    let optional = if line.required { "" } else { ", optional" };
    say(&format!(
        "{} {}: {}{optional}, {}\n    {}",
        mark(line.outcome.is_good(), line.required),
        line.name,
        line.outcome.word(),
        line.why,
        line.text.replace('\n', "\n    ")
    ));
}

fn report(home: &Home, lines: &[Line], good: bool) -> Value {
    let items: Vec<_> = lines
        .iter()
        .map(|line| {
            json!({
                "name": line.name,
                "why": line.why,
                "required": line.required,
                "state": line.outcome.word(),
                (if line.outcome.is_good() { "detail" } else { "how" }): line.text,
            })
        })
        .collect();
    json!({ "home": home.root(), "ok": good, "items": items })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(required: bool, outcome: Outcome) -> Line {
        Line {
            name: "thing",
            why: "reason",
            required,
            outcome,
            text: "text".to_owned(),
        }
    }

    #[test]
    fn only_what_is_required_must_be_there() {
        let cases = [
            (true, Outcome::Found, true),
            (true, Outcome::Installed, true),
            (true, Outcome::Missing, false),
            (true, Outcome::Failed, false),
            (false, Outcome::Missing, true),
            (false, Outcome::Failed, true),
        ];
        for (required, outcome, want) in cases {
            let lines = [line(true, Outcome::Found), line(required, outcome)];
            assert_eq!(all_there(&lines), want, "{required} {}", outcome.word());
        }
    }

    #[test]
    fn every_item_has_its_own_name_and_a_reason() {
        let names: std::collections::BTreeSet<_> = items().iter().map(|i| i.name()).collect();
        assert_eq!(names.len(), items().len());
        assert!(items().iter().all(|i| !i.why().is_empty()));
    }
}
