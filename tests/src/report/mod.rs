//! The report: cases by targets, as data. The output formats are in the submodules.

mod html;
mod markdown;
mod terminal;
#[cfg(test)]
mod tests;

use anyhow::{Context as _, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::driver::Driver;
use crate::play::{Played, Record};
use crate::vector::{Function, POINTS, Vector};

/// The outcome of every case on every target.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// When the run began, in RFC 3339 format.
    pub when: String,
    /// The targets, in order.
    pub targets: Vec<Column>,
    /// The cases, by point and then in the order of the files.
    pub cases: Vec<Case>,
}

/// One target.
#[derive(Debug, Clone, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// A short description of its runtime.
    pub about: String,
    /// The public report of the bug for which requests are sent again, if there is one.
    pub lost: Option<String>,
    /// The public report of the bug for which a function is started anew, if there is one.
    pub hangs: Option<String>,
}

/// One case.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// The vector's name.
    pub name: String,
    /// The point of the contract, from 1.
    pub point: u8,
    /// Why the case exists.
    pub why: String,
    /// What would break it.
    pub evidence: String,
    /// The function driven.
    pub function: Function,
    /// The outcome by target; a target that the case did not run on has none.
    pub outcomes: BTreeMap<String, Outcome>,
}

/// The outcome of one case on one target.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// What was sent and received.
    pub records: Vec<Record>,
    /// Further details of a failure.
    pub message: Option<String>,
    /// The duration in milliseconds.
    pub milliseconds: u64,
    /// How many requests were sent again, since a development proxy of the vendor's had lost them.
    pub again: usize,
    /// Whether it was played once more, since a development proxy of the vendor's had stopped to answer.
    pub anew: bool,
}

/// The verdict on one case on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It behaves as the contract requires.
    Passed,
    /// It behaves as its documented difference requires.
    Differs {
        /// The difference's name in docs/portability.md.
        difference: String,
    },
    /// It behaves otherwise.
    Failed,
    /// It was not run, for a known reason.
    Skipped {
        /// The reason.
        reason: String,
        /// The missing capability.
        capability: String,
    },
    /// Its runtime is not available.
    NotRun {
        /// The reason, and what to do about it.
        reason: String,
    },
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict,
            records: Vec::new(),
            message: None,
            milliseconds: 0,
            again: 0,
            anew: false,
        }
    }
}

impl Outcome {
    /// The outcome of a vector that was played; `died` describes a runtime that exited meanwhile.
    #[must_use]
    pub fn played(played: Played, died: Option<String>, took: Duration) -> Self {
        let verdict = match (played.passed(), played.difference) {
            (false, _) => Verdict::Failed,
            (true, None) => Verdict::Passed,
            (true, Some(difference)) => Verdict::Differs { difference },
        };
        Self {
            verdict,
            records: played.records,
            message: died,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            again: played.again,
            anew: false,
        }
    }

    /// Everything that went wrong, for display.
    #[must_use]
    pub fn complaint(&self) -> String {
        let mut text: Vec<String> = self.message.iter().cloned().collect();
        for record in self
            .records
            .iter()
            .filter(|record| !record.mismatches.is_empty())
        {
            text.push(record.sent.clone());
            for mismatch in &record.mismatches {
                text.push(format!("  {}", mismatch.to_string().replace('\n', "\n  ")));
            }
        }
        text.join("\n")
    }
}

/// The number of cases by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Passed, by the contract or by a documented difference.
    pub passed: usize,
    /// Of those, by a documented difference.
    pub differs: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped.
    pub skipped: usize,
    /// Not run.
    pub not_run: usize,
}

impl Totals {
    /// The total number.
    #[must_use]
    pub fn all(self) -> usize {
        self.passed + self.failed + self.skipped + self.not_run
    }
}

impl Report {
    /// An empty report of `vectors` on `drivers`.
    pub fn new<'a>(vectors: &[Vector], drivers: impl Iterator<Item = &'a dyn Driver>) -> Self {
        let mut cases: Vec<Case> = vectors
            .iter()
            .map(|vector| Case {
                name: vector.name.clone(),
                point: vector.point,
                why: vector.why.clone(),
                evidence: vector.evidence.clone(),
                function: vector.function,
                outcomes: BTreeMap::new(),
            })
            .collect();
        cases.sort_by_key(|case| case.point);
        Self {
            when: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            targets: drivers
                .map(|driver| Column {
                    name: driver.name().to_owned(),
                    about: driver.about(),
                    lost: driver.lost().map(|lost| lost.evidence.clone()),
                    hangs: driver.lost().and_then(|lost| lost.hangs.clone()),
                })
                .collect(),
            cases,
        }
    }

    /// Records the outcome of `vector` on `target`.
    pub fn note(&mut self, target: &str, vector: &str, outcome: Outcome) {
        if let Some(case) = self.cases.iter_mut().find(|case| case.name == vector) {
            case.outcomes.insert(target.to_owned(), outcome);
        }
    }

    /// Drops the cases that a filter excluded.
    pub fn forget_unasked(&mut self) {
        self.cases.retain(|case| !case.outcomes.is_empty());
    }

    /// The totals of `target`, for one point of the contract or for all.
    #[must_use]
    pub fn totals(&self, target: &str, point: Option<u8>) -> Totals {
        let mut totals = Totals::default();
        for case in self
            .cases
            .iter()
            .filter(|case| point.is_none_or(|point| case.point == point))
        {
            match case.outcomes.get(target).map(|outcome| &outcome.verdict) {
                Some(Verdict::Passed) => totals.passed += 1,
                Some(Verdict::Differs { .. }) => {
                    totals.passed += 1;
                    totals.differs += 1;
                }
                Some(Verdict::Failed) => totals.failed += 1,
                Some(Verdict::Skipped { .. }) => totals.skipped += 1,
                Some(Verdict::NotRun { .. }) => totals.not_run += 1,
                None => {}
            }
        }
        totals
    }

    /// What to know of what was done again, a line for each kind and target.
    fn again(&self) -> impl Iterator<Item = String> {
        self.targets.iter().flat_map(|target| {
            let name = &target.name;
            let outcomes: Vec<_> = self.cases.iter().filter_map(|case| case.outcomes.get(name)).collect();
            let sent: usize = outcomes.iter().map(|outcome| outcome.again).sum();
            let anew = outcomes.iter().filter(|outcome| outcome.anew).count();
            let sent = target.lost.as_ref().filter(|_| sent > 0).map(|evidence| {
                format!(
                    "{name}: the vendor's development proxy lost {sent} of the requests, which were sent again: {evidence}"
                )
            });
            let anew = target.hangs.as_ref().filter(|_| anew > 0).map(|evidence| {
                format!(
                    "{name}: the vendor's development proxy stopped to answer and was started anew, for which cases were played \
                     again, {anew} in all: {evidence}"
                )
            });
            sent.into_iter().chain(anew)
        })
    }

    /// The points that have cases: number, title, cases.
    fn points(&self) -> impl Iterator<Item = (u8, &'static str, Vec<&Case>)> {
        (1_u8..).zip(POINTS).filter_map(|(point, title)| {
            let cases: Vec<&Case> = self
                .cases
                .iter()
                .filter(|case| case.point == point)
                .collect();
            (!cases.is_empty()).then_some((point, title, cases))
        })
    }

    /// The cases that failed, each with its target and outcome.
    fn failures(&self) -> impl Iterator<Item = (&str, &Case, &Outcome)> {
        self.cases.iter().flat_map(|case| {
            case.outcomes
                .iter()
                .filter(|(_, outcome)| outcome.verdict == Verdict::Failed)
                .map(move |(target, outcome)| (target.as_str(), case, outcome))
        })
    }

    /// The report for a terminal: the matrix by point, then every failure in full.
    #[must_use]
    pub fn terminal(&self) -> String {
        terminal::page(self)
    }

    /// The runtimes and the totals by point and target, as Markdown.
    #[must_use]
    pub fn matrix(&self) -> String {
        markdown::matrix(self)
    }

    /// The report as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::page(self)
    }

    /// The report as one self-contained HTML page.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// Writes `report.md`, `report.html` and `report.json` into `folder` and returns their paths.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let data = serde_json::to_string_pretty(self).context("the report is no JSON")?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        [
            ("report.md", self.markdown()),
            ("report.html", self.html()),
            ("report.json", data),
        ]
        .into_iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            std::fs::write(&path, text)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(path)
        })
        .collect()
    }
}
