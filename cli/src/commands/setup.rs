//! `guru setup`: finds or installs each item of a list.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    console::{Console, mark, say, seconds},
    home::Home,
    items::{Item, State, rust},
    targets::Target,
};

/// The result for one item.
struct Report {
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

/// The items to look for or install.
#[derive(Clone, Copy)]
pub enum Scope<'a> {
    /// What every target needs.
    Everything,
    /// What these targets need, to run here and to be deployed to.
    Targets(&'a [Target]),
    /// These items.
    Items(&'a [&'static dyn Item]),
}

impl<'a> Scope<'a> {
    /// The scope of the given targets, or everything if there are none.
    #[must_use]
    pub fn of(targets: &'a [Target]) -> Self {
        match targets {
            [] => Self::Everything,
            some => Self::Targets(some),
        }
    }

    fn requires(self, item: &dyn Item) -> bool {
        match self {
            Self::Everything | Self::Items(_) => item.required(),
            Self::Targets(_) => item.runs(),
        }
    }

    /// The scope as an option of the command line.
    #[must_use]
    pub fn option(self) -> String {
        match self {
            Self::Everything | Self::Items(_) => String::new(),
            Self::Targets(targets) => {
                let names: Vec<_> = targets.iter().map(|target| target.name()).collect();
                format!(" --on {}", names.join(","))
            }
        }
    }

    /// The items in scope, without duplicates: Rust first, then what each target needs, in the order of the registry.
    #[must_use]
    pub fn items(self) -> Vec<&'static dyn Item> {
        let targets = match self {
            Self::Everything => Target::all(),
            Self::Targets(targets) => targets,
            Self::Items(items) => return items.to_vec(),
        };
        let mut all: Vec<&'static dyn Item> = vec![&rust::Rust];
        for target in Target::all().iter().filter(|known| targets.contains(known)) {
            for item in target.items() {
                if all.iter().all(|known| known.name() != item.name()) {
                    all.push(*item);
                }
            }
        }
        all
    }
}

/// Finds or installs what is in scope. Returns false when something required is still missing afterwards.
pub fn install(home: &Home, console: Console, scope: Scope<'_>, json: bool) -> Result<bool> {
    let lock = home.lock(console)?;
    let started = Instant::now();
    let mut lines = Vec::new();
    for item in scope.items() {
        let line = get(item, home, console, scope);
        // The steps have shown their progress already, so each line is printed as soon as it is known.
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

/// Reports what is there and what is missing, without changing anything. Returns false when something required is missing.
pub fn check(home: &Home, scope: Scope<'_>, json: bool) -> bool {
    let items = scope.items().into_iter();
    let lines: Vec<_> = items.map(|item| look(item, home, scope)).collect();
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

/// The status of one item.
pub struct ItemStatus {
    /// The item's name.
    pub name: &'static str,
    /// Whether it is installed.
    pub is_here: bool,
    /// Whether the scope depends on it.
    pub is_required: bool,
    /// What was found, or how to install it.
    pub text: String,
}

/// Checks what is in scope, without changing anything.
pub fn look_at(home: &Home, scope: Scope<'_>) -> Vec<ItemStatus> {
    let found = scope.items().into_iter().map(|item| {
        let line = look(item, home, scope);
        ItemStatus {
            name: line.name,
            is_here: line.outcome.is_good(),
            is_required: line.required,
            text: line.text,
        }
    });
    found.collect()
}

fn all_there(lines: &[Report]) -> bool {
    lines.iter().all(|l| l.outcome.is_good() || !l.required)
}

fn look(item: &dyn Item, home: &Home, scope: Scope<'_>) -> Report {
    let (outcome, text) = match item.check(home) {
        Ok(State::Found { detail }) => (Outcome::Found, detail),
        Ok(State::Missing { how }) => (Outcome::Missing, how),
        Err(error) => (Outcome::Failed, format!("{error:#}")),
    };
    Report {
        name: item.name(),
        why: item.why(),
        required: scope.requires(item),
        outcome,
        text,
    }
}

fn get(item: &dyn Item, home: &Home, console: Console, scope: Scope<'_>) -> Report {
    let found = look(item, home, scope);
    if found.outcome != Outcome::Missing {
        return found;
    }
    console.note(&format!("getting {}: {}", found.name, found.why));
    let (outcome, text) = match install_and_check(item, home, console) {
        Ok(detail) => (Outcome::Installed, detail),
        Err(error) => (Outcome::Failed, format!("{error:#}")),
    };
    Report {
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

fn print(line: &Report) {
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

fn report(home: &Home, lines: &[Report], good: bool) -> Value {
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

    fn line(required: bool, outcome: Outcome) -> Report {
        Report {
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
        let wasi: &[&str] = &["rust", "wasm targets"];
        let cases: [(&[&str], &[&str]); 6] = [
            (&["local"], &["rust"]),
            (&["cloudflare"], &["rust", "wasm targets", "wrangler"]),
            (&["spin"], wasi),
            (&["wasi"], wasi),
            (
                &["lambda"],
                &["rust", "wasm targets", "lambda emulator", "SAM?"],
            ),
            (
                &["local", "cloudflare"],
                &["rust", "wasm targets", "wrangler"],
            ),
        ];
        for (names, want) in cases {
            let targets: Vec<_> = names
                .iter()
                .filter_map(|name| Target::named(name))
                .collect();
            let scope = Scope::of(&targets);
            let items = scope.items().into_iter().map(|item| {
                // Optional items are marked with a question mark.
                let mark = if scope.requires(item) { "" } else { "?" };
                format!("{}{mark}", item.name())
            });
            assert_eq!(items.collect::<Vec<_>>(), want, "{names:?}");
        }
    }

    #[test]
    fn every_item_has_its_own_name_and_a_reason() {
        let items = Scope::Everything.items();
        let names: std::collections::BTreeSet<_> = items.iter().map(|i| i.name()).collect();
        assert_eq!(names.len(), items.len());
        assert!(items.iter().all(|i| !i.why().is_empty()));
    }
}
