//! Builds and runs the bench programs, which report allocations and nanoseconds.

mod callgrind;

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::{cargo, child, workspace::Workspace};

pub(crate) use callgrind::Callgrind;

/// The case of the core's bench program that does not use the core.
pub(crate) const BY_HAND: &str = "by hand";

/// The core's path from a request to its response.
pub(crate) const PATH: Bench = Bench {
    package: "guru-core",
    name: "path",
};

/// A bench program: `NAME WHAT COUNT` repeats it that often and prints the nanoseconds taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bench {
    package: &'static str,
    name: &'static str,
}

/// A bench program that has been built.
#[derive(Debug)]
pub(crate) struct Gauge {
    program: PathBuf,
    /// The first argument, if any.
    command: Option<&'static str>,
}

/// The host, which measures the start of a component. It is built as for a release, so that nothing is compiled for this alone.
pub(crate) fn host(workspace: &Workspace) -> Result<Gauge> {
    Ok(Gauge {
        program: cargo::SERVER.build(workspace, true)?,
        command: Some("rehearse"),
    })
}

/// The heap usage of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Heap {
    pub(crate) allocations: u32,
}

impl Bench {
    /// Builds it, optimised.
    pub(crate) fn build(self, workspace: &Workspace) -> Result<Gauge> {
        let mut cargo = cargo::native(workspace.root());
        cargo.args([
            "build",
            "--release",
            "--package",
            self.package,
            "--bench",
            self.name,
        ]);
        let made = cargo::make(&mut cargo, |artifact| {
            let is_it = artifact.target.is_bench() && artifact.target.name == self.name;
            artifact.executable.clone().filter(|_| is_it)
        })?;
        let program =
            made.with_context(|| format!("{} has no benchmark {}", self.package, self.name))?;
        Ok(Gauge {
            program,
            command: None,
        })
    }
}

impl Gauge {
    /// The cases, each with its heap usage.
    pub(crate) fn cases(&self) -> Result<BTreeMap<String, Heap>> {
        let listed = child::output(&mut Command::new(&self.program))?;
        serde_json::from_str(&listed).context("the benchmark's list of cases cannot be read")
    }

    /// The nanoseconds of one repetition, averaged over `count`.
    pub(crate) fn nanoseconds(&self, what: &str, count: u32) -> Result<f64> {
        let mut words = self.words(what, count).into_iter();
        let program = words.next().context("there is no program")?;
        let said = child::output(Command::new(program).args(words))?;
        each(&said, count).with_context(|| format!("no time of {what} in {said:?}"))
    }

    /// The program and its arguments.
    fn words(&self, what: &str, count: u32) -> Vec<OsString> {
        let mut words = vec![self.program.clone().into()];
        words.extend(self.command.map(OsString::from));
        words.extend([what.into(), count.to_string().into()]);
        words
    }
}

/// Divides the nanoseconds that a program printed by `count`.
fn each(said: &str, count: u32) -> Option<f64> {
    let all: f64 = said.trim().parse().ok()?;
    (all > 0.0 && count > 0).then(|| all / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_shared_out() {
        let cases = [
            ("5000\n", 1000, Some(5.0)),
            ("1", 4, Some(0.25)),
            ("0", 1000, None),
            ("5000", 0, None),
            ("five", 1000, None),
            ("", 1000, None),
        ];
        for (said, count, want) in cases {
            assert_eq!(each(said, count), want, "{said:?}");
        }
    }

    #[test]
    fn the_list_of_cases_is_read() {
        let listed =
            r#"{"a b":{"allocations":11,"bytes":700},"by hand":{"allocations":5,"bytes":1}}"#;
        let cases: BTreeMap<String, Heap> = serde_json::from_str(listed).unwrap();
        assert_eq!(cases.get("a b"), Some(&Heap { allocations: 11 }));
        assert!(cases.contains_key(BY_HAND));
    }
}
