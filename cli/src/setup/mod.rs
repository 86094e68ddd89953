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
    args::Target,
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

    /// The targets for which it is needed; where there are none, only tests need it.
    fn targets(&self) -> &'static [Target];

    /// Whether those targets do not run here without it.
    fn runs(&self) -> bool {
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

/// What is looked for, or got.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// All there is.
    Everything,
    /// What the tests of somebody's own function need.
    Project,
    /// What these targets need, to run here and to be deployed to.
    Targets(&'a [Target]),
}

impl<'a> Scope<'a> {
    /// The targets that are named, or everything.
    pub(crate) fn of(targets: &'a [Target]) -> Self {
        match targets {
            [] => Self::Everything,
            some => Self::Targets(some),
        }
    }

    fn has(self, item: &dyn Item) -> bool {
        match self {
            Self::Everything => true,
            // Guru's own document is judged in Guru's own tests.
            Self::Project => item.name() != python::TOOLS.name(),
            Self::Targets(targets) => item.targets().iter().any(|known| targets.contains(known)),
        }
    }

    fn requires(self, item: &dyn Item) -> bool {
        match self {
            Self::Everything | Self::Project => item.required(),
            Self::Targets(_) => item.runs(),
        }
    }

    /// As it is typed.
    pub(crate) fn option(self) -> String {
        match self {
            Self::Everything | Self::Project => String::new(),
            Self::Targets(targets) => {
                let names: Vec<_> = targets.iter().map(|target| target.name()).collect();
                format!(" --on {}", names.join(","))
            }
        }
    }

    fn items(self) -> impl Iterator<Item = Box<dyn Item>> {
        items()
            .into_iter()
            .filter(move |item| self.has(item.as_ref()))
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

/// Finds or installs what is in scope. False when something required is not there afterwards.
pub(crate) fn install(home: &Home, console: Console, scope: Scope<'_>, json: bool) -> Result<bool> {
    let lock = home.lock(console)?;
    let started = Instant::now();
    let mut lines = Vec::new();
    for item in scope.items() {
        let line = get(item.as_ref(), home, console, scope);
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
pub(crate) fn check(home: &Home, scope: Scope<'_>, json: bool) -> bool {
    let lines = scope.items().map(|item| look(item.as_ref(), home, scope));
    let lines: Vec<_> = lines.collect();
    let good = all_there(&lines);
    if json {
        say(&format!("{}", report(home, &lines, good)));
    } else {
        lines.iter().for_each(print);
        if !good {
            say(&format!(
                "Run `guru setup{}` to get what is missing.",
                scope.option()
            ));
        }
    }
    good
}

/// What a look found of one thing.
pub(crate) struct Found {
    pub(crate) name: &'static str,
    pub(crate) is_here: bool,
    pub(crate) is_required: bool,
    /// The targets for which it is needed.
    pub(crate) targets: &'static [Target],
    /// What is there, or how to get it.
    pub(crate) text: String,
}

/// Looks at what is in scope, and changes nothing.
pub(crate) fn look_at(home: &Home, scope: Scope<'_>) -> Vec<Found> {
    let found = scope.items().map(|item| {
        let line = look(item.as_ref(), home, scope);
        Found {
            name: line.name,
            is_here: line.outcome.is_good(),
            is_required: line.required,
            targets: item.targets(),
            text: line.text,
        }
    });
    found.collect()
}

fn all_there(lines: &[Line]) -> bool {
    lines.iter().all(|l| l.outcome.is_good() || !l.required)
}

fn look(item: &dyn Item, home: &Home, scope: Scope<'_>) -> Line {
    let (outcome, text) = match item.check(home) {
        Ok(State::Found { detail }) => (Outcome::Found, detail),
        Ok(State::Missing { how }) => (Outcome::Missing, how),
        Err(error) => (Outcome::Failed, format!("{error:#}")),
    };
    Line {
        name: item.name(),
        why: item.why(),
        required: scope.requires(item),
        outcome,
        text,
    }
}

fn get(item: &dyn Item, home: &Home, console: Console, scope: Scope<'_>) -> Line {
    let found = look(item, home, scope);
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
    fn a_target_gets_what_it_needs_and_nothing_else() {
        let cases: [(&[Target], &[&str]); 6] = [
            (&[Target::Local], &["rust"]),
            (
                &[Target::Cloudflare],
                &["rust", "wasm targets", "rustup link?", "wrangler"],
            ),
            (&[Target::Spin], &["rust", "wasm targets", "rustup link?"]),
            (&[Target::Wasi], &["rust", "wasm targets", "rustup link?"]),
            (
                &[Target::Lambda],
                &[
                    "rust",
                    "wasm targets",
                    "rustup link?",
                    "lambda emulator",
                    "SAM?",
                ],
            ),
            (
                &[Target::Local, Target::Cloudflare],
                &["rust", "wasm targets", "rustup link?", "wrangler"],
            ),
        ];
        for (targets, want) in cases {
            let scope = Scope::of(targets);
            let items = scope.items().map(|item| {
                // What may be missing has a question mark.
                let mark = if scope.requires(item.as_ref()) {
                    ""
                } else {
                    "?"
                };
                format!("{}{mark}", item.name())
            });
            assert_eq!(items.collect::<Vec<_>>(), want, "{targets:?}");
        }
        assert_eq!(Scope::of(&[]).items().count(), items().len());
        let mut of_project = Scope::Project.items();
        assert!(of_project.all(|item| item.name() != "python tools"));
    }

    #[test]
    fn every_item_has_its_own_name_and_a_reason() {
        let names: std::collections::BTreeSet<_> = items().iter().map(|i| i.name()).collect();
        assert_eq!(names.len(), items().len());
        assert!(items().iter().all(|i| !i.why().is_empty()));
    }
}
