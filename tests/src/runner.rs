//! Runs vectors on targets, one named test for each pair, and makes the report.

#[cfg(test)]
mod tests;

use anyhow::{Result, bail, ensure};
use libtest_mimic::{Arguments, Completion, Failed, FormatSetting, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::driver::{Deployed, Driver, DriverConfig, LACKS, Project, driven, select};
use crate::play::{Terms, play};
use crate::portability;
use crate::report::{Outcome, Report, Verdict};
use crate::runtimes::{Absent, Target};
use crate::skips::{self, Skip};
use crate::vector::{SKIPS, Vector, suite};
use crate::wire::Endpoint;

/// What to run and where to write the results.
#[derive(Debug, Clone)]
pub struct Options {
    /// The drivers of the targets.
    pub ways: Vec<DriverConfig>,
    /// Filters, threads and output options, in `cargo test`'s syntax.
    pub arguments: Arguments,
    /// The targets to run; all when empty.
    pub on: Vec<String>,
    /// The targets for which `not run` is a failure.
    pub require: Vec<String>,
    /// The URL of a deployed probe to drive instead of the targets.
    pub url: Option<String>,
    /// A user's own function, which runs the vectors that apply to every function.
    pub project: Option<Project>,
    /// The folder of the report's files.
    pub folder: PathBuf,
    /// The page to write the results into, if any.
    pub page: Option<PathBuf>,
    /// The timeout of one exchange.
    pub limit: Duration,
}

impl Options {
    /// Reads the options from the process's arguments and environment: `GURU_ON` and `GURU_REQUIRE` (comma-separated names),
    /// `GURU_URL`, a deployed probe (on the target of `GURU_ON`, if that names one), and `GURU_DOCS`, the page to write the
    /// results into.
    ///
    /// # Errors
    ///
    /// When a target's `conformance.toml` is malformed.
    pub fn from_process(folder: PathBuf) -> Result<Self> {
        let names = |variable: &str| -> Vec<String> {
            let list = std::env::var(variable).unwrap_or_default();
            list.split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Ok(Self {
            ways: DriverConfig::all(&root.join("targets"))?,
            arguments: Arguments::from_args(),
            on: names("GURU_ON"),
            require: names("GURU_REQUIRE"),
            project: None,
            url: std::env::var("GURU_URL").ok().filter(|url| !url.is_empty()),
            folder,
            page: std::env::var_os("GURU_DOCS")
                .filter(|page| !page.is_empty())
                .map(PathBuf::from),
            limit: Duration::from_secs(30),
        })
    }
}

/// The result of a run.
#[derive(Debug)]
pub struct Run {
    /// Every selected case on every target.
    pub report: Report,
    /// Success if no case failed and no required target was missing.
    pub code: ExitCode,
    /// Whether `code` is a success.
    pub passed: bool,
}

/// Runs the suite.
pub fn run(options: &Options) -> Result<Run> {
    let mut vectors = suite()?;
    let all: Vec<Box<dyn Driver>> = match (&options.url, &options.project) {
        (Some(url), _) => vec![Box::new(deployed(url, options)?)],
        (None, project) => driven(&options.ways, project.as_ref()),
    };
    // The names of every target: a project is driven on some of them only.
    let every = driven(&options.ways, None);
    let names: Vec<&str> = every.iter().map(|driver| driver.name()).collect();
    let skips = match options.url {
        Some(_) => Vec::new(),
        None => skips::read(SKIPS, &names, &vectors)?,
    };
    select(&options.require, driven(&options.ways, None))?;
    if options.url.is_none() {
        known_differences(&vectors, &all)?;
    }
    vectors.retain(|vector| options.project.is_none() || vector.is_generic());
    vectors.retain(|vector| options.url.is_none() || !vector.fetches);
    let chosen = match options.url {
        Some(_) => all,
        None => select(&options.on, all)?,
    };
    if let Some(missing) = options
        .require
        .iter()
        .find(|name| !chosen.iter().any(|driver| driver.name() == **name))
    {
        bail!("`{missing}` is required but not chosen: add it to GURU_ON, or leave GURU_ON empty");
    }
    let suite = Suite {
        vectors,
        skips,
        require: options.require.clone(),
        limit: options.limit,
        targets: chosen
            .into_iter()
            .map(|driver| Arc::new(Target::new(driver)))
            .collect(),
    };
    let run = suite.run(&options.arguments);
    if !options.arguments.list {
        tell(&run.report, options)?;
    }
    Ok(run)
}

/// The probe at a URL, on the target that is named, if any.
fn deployed(url: &str, options: &Options) -> Result<Deployed> {
    let on = &*options.on;
    let endpoint = Endpoint::parse(url)?;
    let like = match on {
        [] => None,
        [_] => select(on, driven(&options.ways, None))?.pop(),
        _ => bail!("one URL is on one target: GURU_ON names {}", on.join(", ")),
    };
    Ok(Deployed { endpoint, like })
}

/// Rejects vectors with a difference that no target declares: such a typo would never apply.
fn known_differences(vectors: &[Vector], drivers: &[Box<dyn Driver>]) -> Result<()> {
    for vector in vectors {
        for name in vector.differences() {
            ensure!(
                drivers
                    .iter()
                    .any(|driver| driver.differences().iter().any(|known| known == name)),
                "vector `{}` names the difference `{name}`, which no target has",
                vector.name
            );
        }
    }
    Ok(())
}

fn tell(report: &Report, options: &Options) -> Result<()> {
    let mut written = report.write(&options.folder)?;
    if let Some(page) = &options.page {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        portability::write(report, here.parent().unwrap_or(here), page)?;
        written.push(page.clone());
    }
    if options.arguments.format != Some(FormatSetting::Json) {
        println!("{}", report.terminal());
        for path in written {
            println!("  report: {}", path.display());
        }
    }
    Ok(())
}

struct Suite {
    vectors: Vec<Vector>,
    skips: Vec<Skip>,
    require: Vec<String>,
    limit: Duration,
    targets: Vec<Arc<Target>>,
}

impl Suite {
    fn run(&self, arguments: &Arguments) -> Run {
        let report = Arc::new(Mutex::new(Report::new(
            &self.vectors,
            self.targets.iter().map(|target| target.driver.as_ref()),
        )));
        let trials = self
            .targets
            .iter()
            .flat_map(|target| self.trials(target, &report))
            .collect();
        let conclusion = libtest_mimic::run(arguments, trials);
        for target in &self.targets {
            target.stop();
        }
        let mut report = report
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        report.forget_unasked();
        Run {
            passed: !conclusion.has_failed(),
            code: conclusion.exit_code(),
            report,
        }
    }

    /// One test per vector; for a target that cannot run here, a single ignored one.
    fn trials(&self, target: &Arc<Target>, report: &Arc<Mutex<Report>>) -> Vec<Trial> {
        let name = target.driver.name().to_owned();
        if let Err(reason) = target.driver.ready() {
            let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
            for vector in &self.vectors {
                report.note(
                    &name,
                    &vector.name,
                    Outcome::from(Verdict::NotRun {
                        reason: reason.to_string(),
                    }),
                );
            }
            let required = self.require.contains(&name);
            return vec![Trial::ignorable_test(
                format!("{name}::not-run"),
                move || match required {
                    true => Err(Failed::from(format!(
                        "{name} is required and cannot run: {reason}"
                    ))),
                    false => Ok(Completion::ignored_with(format!("not run: {reason}"))),
                },
            )];
        }
        self.vectors
            .iter()
            .map(|vector| self.trial(target, vector, report))
            .collect()
    }

    fn trial(&self, target: &Arc<Target>, vector: &Vector, report: &Arc<Mutex<Report>>) -> Trial {
        let name = target.driver.name().to_owned();
        let skip = self
            .skips
            .iter()
            .find(|skip| skip.target == name && skip.vector == vector.name)
            .cloned()
            .or_else(|| lacking(&name, vector, target.driver.lacks()));
        let required = self.require.contains(&name);
        let (target, report, vector, limit) = (
            Arc::clone(target),
            Arc::clone(report),
            vector.clone(),
            self.limit,
        );
        let title = format!("{name}::{}", vector.name);
        Trial::ignorable_test(title, move || {
            let outcome = match skip {
                Some(skip) => Outcome::from(Verdict::Skipped {
                    reason: skip.reason,
                    capability: skip.capability,
                }),
                None => one(&target, &vector, limit),
            };
            let completion = match &outcome.verdict {
                Verdict::Passed | Verdict::Differs { .. } => Ok(Completion::Completed),
                // The report lists all failures in one place.
                Verdict::Failed => Err(Failed::without_message()),
                Verdict::Skipped { reason, .. } => Ok(Completion::ignored_with(reason)),
                Verdict::NotRun { reason } if required => {
                    Err(Failed::from(format!("required, but not run: {reason}")))
                }
                Verdict::NotRun { reason } => {
                    Ok(Completion::ignored_with(format!("not run: {reason}")))
                }
            };
            report.lock().unwrap_or_else(PoisonError::into_inner).note(
                &name,
                &vector.name,
                outcome,
            );
            completion
        })
    }
}

/// The skip of a case that is about a port which its target lacks.
fn lacking(target: &str, vector: &Vector, lacks: &[String]) -> Option<Skip> {
    let port = vector.port.as_ref().filter(|port| lacks.contains(port))?;
    let here = std::env::var(LACKS).unwrap_or_default();
    let whose = if here.split(',').any(|own| own == port) {
        "this machine"
    } else {
        "the target"
    };
    Some(Skip {
        target: target.to_owned(),
        vector: vector.name.clone(),
        reason: format!("{whose} has no {port}"),
        capability: format!("no-{port}"),
    })
}

/// Runs one vector on one target; once more where its vendor's proxy has stopped to answer.
fn one(target: &Target, vector: &Vector, limit: Duration) -> Outcome {
    let (outcome, hung) = once(target, vector, limit);
    if !hung || !target.starts_anew(vector.function) {
        return outcome;
    }
    let (mut outcome, _) = once(target, vector, limit);
    outcome.anew = true;
    outcome
}

/// Runs one vector on one target. Returns whether nobody is answered there any more, too.
fn once(target: &Target, vector: &Vector, limit: Duration) -> (Outcome, bool) {
    let mut started = Instant::now();
    let terms = Terms {
        differences: target.driver.differences(),
        lost: target.driver.lost(),
    };
    let alone = vector.counts() || vector.crashes() && !target.driver.crashes_alone();
    let played = target.with(vector.function, alone, |running| {
        if let Some(case) = running.hung() {
            let function = vector.function;
            return Err(format!(
                "not asked: since {case}, {function} answers nobody"
            ));
        }
        started = Instant::now();
        let played = play(vector, &running.endpoint, terms, limit);
        let trouble = if played.passed() {
            None
        } else {
            let died = running.died();
            died.or_else(|| running.hangs(&vector.name, limit))
        };
        Ok((played, trouble, running.hung().is_some()))
    });
    let took = started.elapsed();
    let failed = |message| Outcome {
        message: Some(message),
        ..Outcome::from(Verdict::Failed)
    };
    match played {
        Ok(Ok((played, trouble, hung))) => (Outcome::played(played, trouble, took), hung),
        Ok(Err(message)) => (failed(message), true),
        Err(Absent::NotRun(reason)) => {
            let reason = reason.to_string();
            (Outcome::from(Verdict::NotRun { reason }), false)
        }
        Err(Absent::Failed(message)) => (failed(message), false),
    }
}
