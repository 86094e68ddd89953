//! The results, as stored and reported: numbers, medians, ratios, verdicts. Must not contain paths of this machine.

mod markdown;
mod number;
mod page;
mod plot;
mod series;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::{args::Group, files};

pub(crate) use number::Unit;
pub(crate) use series::{Better, Ratio, Series, median};

/// The results of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// When it began.
    pub(crate) when: String,
    pub(crate) settings: Settings,
    pub(crate) machine: BTreeMap<String, String>,
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) not_run: Vec<Absent>,
    pub(crate) failed: Vec<Absent>,
}

/// The settings of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) is_quick: bool,
    pub(crate) rounds: u32,
    pub(crate) seconds: u32,
    pub(crate) connections: u32,
}

/// One measure of two contestants, taken in turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) group: Group,
    /// The title of the measure.
    pub(crate) measure: String,
    /// The load, which was the same for both, in requests per second, if it had a fixed rate.
    pub(crate) rate: Option<f64>,
    pub(crate) unit: Unit,
    pub(crate) better: Better,
    pub(crate) ours: Series,
    pub(crate) theirs: Series,
    pub(crate) ratio: Ratio,
    pub(crate) bar: Option<Verdict>,
}

/// A bar, and whether it was met.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) at: f64,
    /// Whether the difference is the cost of portability.
    pub(crate) is_tax: bool,
    pub(crate) is_met: bool,
}

/// A contestant or a tool without numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Absent {
    pub(crate) name: String,
    pub(crate) why: String,
}

impl Comparison {
    /// The measure and its load.
    fn what(&self) -> String {
        match self.rate {
            Some(rate) => format!("{}, {}", self.measure, Unit::PerSecond.show(rate)),
            None => self.measure.clone(),
        }
    }
}

impl Verdict {
    /// Compares a ratio with a bar.
    pub(crate) fn new(at: f64, is_tax: bool, ratio: &Ratio, better: Better) -> Self {
        let is_met = match better {
            Better::Higher => ratio.median >= at,
            Better::Lower => ratio.median <= at,
        };
        Self { at, is_tax, is_met }
    }
}

impl Report {
    /// Reads what [`Report::write`] wrote.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no report", path.display()))
    }

    /// Writes `report.json`, `report.md` and `index.html`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(self).context("the report is no JSON")? + "\n";
        files::write(&folder.join("report.json"), &json)?;
        files::write(&folder.join("report.md"), &markdown::text(self))?;
        files::write(&folder.join("index.html"), &page::text(self)?)
    }

    /// The groups that have numbers, in order.
    fn groups(&self) -> impl Iterator<Item = (Group, Vec<&Comparison>)> {
        Group::ALL.into_iter().filter_map(|group| {
            let all = self.comparisons.iter();
            let all: Vec<_> = all.filter(|one| one.group == group).collect();
            (!all.is_empty()).then_some((group, all))
        })
    }

    /// The comparisons with a bar.
    fn barred(&self) -> impl Iterator<Item = (&Comparison, Verdict)> {
        self.comparisons
            .iter()
            .filter_map(|one| one.bar.map(|bar| (one, bar)))
    }

    /// The bars, one line each.
    pub(crate) fn summary(&self) -> String {
        let lines = self.barred().map(|(one, verdict)| {
            format!(
                "{} {:.2} ({}) {}: {} / {}",
                crate::console::mark(verdict.is_met, true),
                one.ratio.median,
                bar(verdict, one.better),
                one.measure,
                one.ours.name,
                one.theirs.name
            )
        });
        let absent = |word: &'static str, list: &[Absent]| {
            let lines = list
                .iter()
                .map(|one| format!("– {word}: {}: {}", one.name, one.why));
            lines.collect::<Vec<_>>()
        };
        let mut lines: Vec<_> = lines.collect();
        lines.extend(absent("not run", &self.not_run));
        lines.extend(absent("failed", &self.failed));
        lines.join("\n")
    }

    /// The settings, in a sentence.
    fn settings(&self) -> String {
        let Settings {
            is_quick,
            rounds,
            seconds,
            connections,
        } = self.settings;
        let warning = if is_quick {
            "A quick run, to see that everything works: the numbers mean little. "
        } else {
            ""
        };
        format!(
            "{warning}{rounds} rounds, in turn; each load {seconds} s with {connections} connections; begun at {}.",
            self.when
        )
    }
}

/// The description of a group.
const fn about(group: Group) -> &'static str {
    match group {
        Group::Size => "Bytes of what is deployed",
        Group::Workerd => "Cloudflare's workerd",
        Group::Wasi => "WASI 0.3 hosts",
        Group::Lambda => "AWS Lambda, under AWS's emulator",
        Group::Local => "Native servers",
        Group::Streams => "Streams, and requests to another server",
        Group::Core => "The portable core",
    }
}

/// A bar in words: `≥ 0.95`.
fn bar(verdict: Verdict, better: Better) -> String {
    let sign = match better {
        Better::Higher => '≥',
        Better::Lower => '≤',
    };
    format!("{sign} {:.2}", verdict.at)
}

#[cfg(test)]
mod tests;
