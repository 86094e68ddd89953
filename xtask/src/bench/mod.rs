//! `guru bench`: measures the example in turn with the same function implemented by other means.

mod contestant;
mod core;
mod emulator;
mod field;
mod lambda;
mod load;
mod memory;
mod ours;
mod plan;
mod reason;
mod report;
mod running;
mod served;
mod size;
mod stopwatch;
mod streams;
mod theirs;
mod tools;
mod versions;
mod workerd;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{
    args::{self, Group},
    artefacts,
    console::{Console, say},
    files,
    home::Home,
    interrupt, setup,
    targets::Target,
    workspace::Workspace,
};

use field::Field;
use plan::{Measure, PAIRS, Pair};
use report::{Comparison, Ratio, Report, Series, Settings, Verdict};

/// The function that every contestant implements, but for those that stream.
const FUNCTION: &str = "meditations";

/// What streams, and asks another server.
const PROBE: &str = "probe";

/// The context of all measurements.
#[derive(Clone)]
struct BenchContext<'a> {
    home: &'a Home,
    console: Console,
    workspace: &'a Workspace,
    function: &'a str,
    /// The folder with the sources of the other contestants.
    opponents: PathBuf,
    /// A temporary folder, removed at the end.
    work: PathBuf,
}

impl BenchContext<'_> {
    /// The context for a build, as of `guru build --release`.
    fn build(&self) -> artefacts::BuildContext<'_> {
        artefacts::BuildContext {
            home: self.home,
            console: self.console,
            workspace: self.workspace,
            function: self.function,
            is_release: true,
            features: &crate::context::BARE,
            lacks: &[],
        }
    }

    /// The same for another function of ours.
    fn of(&self, function: &'static str) -> Self {
        Self {
            function,
            ..self.clone()
        }
    }

    fn dist(&self, target: Target) -> PathBuf {
        artefacts::dist(self.workspace, target.name(), self.function)
    }
}

/// Runs the measurements, or renders an earlier report again. Returns false when something failed that should work.
pub(crate) fn run(home: &Home, console: Console, options: &args::Bench) -> Result<bool> {
    if let Some(earlier) = &options.from {
        let report = Report::read(earlier)?;
        let folder = earlier.parent().map(Path::to_owned).unwrap_or_default();
        return tell(&report, options.report.as_ref().unwrap_or(&folder));
    }
    let workspace = Workspace::find()?;
    if workspace.core().is_none() {
        bail!("only Guru's own workspace has something to compare: run it in a checkout of Guru");
    }
    if !options.no_setup {
        // Whatever is still missing is reported as `not run`, by name.
        setup::run(home, console, &guru_cli::args::Setup::default())?;
    }
    let work = tempfile::tempdir().context("cannot make a temporary folder")?;
    let also = work.path().to_owned();
    interrupt::undo(move || drop(files::remove(&also)));
    let context = BenchContext {
        home,
        console,
        workspace: &workspace,
        function: FUNCTION,
        opponents: workspace.root().join("bench"),
        work: work.path().to_owned(),
    };
    let report = measure(&context, options);
    let folder = if options.quick || !options.only.is_empty() {
        workspace.target().join("bench-report")
    } else {
        context.opponents.join("report")
    };
    tell(&report, options.report.as_ref().unwrap_or(&folder))
}

/// Writes the report and prints its summary.
fn tell(report: &Report, folder: &Path) -> Result<bool> {
    report.write(folder)?;
    say(&report.summary());
    say(&format!(
        "The whole report: {}",
        folder.join("index.html").display()
    ));
    Ok(report.failed.is_empty())
}

fn settings(options: &args::Bench) -> Settings {
    let (rounds, seconds) = if options.quick {
        (2, 1)
    } else {
        (options.rounds, options.seconds)
    };
    Settings {
        is_quick: options.quick,
        rounds,
        seconds,
        connections: options.connections,
    }
}

/// Runs all selected measurements, even if some of them fail.
fn measure(context: &BenchContext<'_>, options: &args::Bench) -> Report {
    let asked = |group: Group| options.only.is_empty() || options.only.contains(&group);
    let when = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let mut field = Field::new(context, settings(options));
    let mut comparisons = Vec::new();
    for group in Group::ALL.into_iter().filter(|group| asked(*group)) {
        if group == Group::Core {
            let rounds = field.settings.rounds;
            let mut refuse = |name: &str, refusal| field.refuse(name, refusal);
            comparisons.extend(core::measure(context, rounds, &mut refuse));
        }
        for pair in PAIRS.iter().filter(|pair| pair.group == group) {
            comparisons.extend(field.measure(pair));
            interrupt::give_way();
        }
    }
    Report {
        when,
        settings: settings(options),
        machine: versions::machine(),
        versions: versions::all(context),
        comparisons,
        not_run: field.not_run,
        failed: field.failed,
    }
}

/// Compares the samples of a pair, against the bar if there is one.
fn compare(pair: &Pair, measure: Measure, ours: Vec<f64>, theirs: Vec<f64>) -> Result<Comparison> {
    let ours = Series::new(pair.ours.name(), ours)?;
    let theirs = Series::new(pair.theirs.name(), theirs)?;
    let ratio = Ratio::new(&ours, &theirs)?;
    let bar = pair.bar(measure);
    let bar = bar.map(|bar| Verdict::new(bar.at, bar.is_tax, &ratio, measure.better()));
    Ok(Comparison {
        group: pair.group,
        measure: measure.title().to_owned(),
        rate: None,
        unit: measure.unit(),
        better: measure.better(),
        ours,
        theirs,
        ratio,
        bar,
    })
}
