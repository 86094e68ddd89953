//! The contestants of a run: each is prepared and tried once, on first use. Remembers which are missing, and why.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{
    BenchContext, PROBE,
    contestant::{Contestant, Output, Ready, Refusal},
    emulator::Emulator,
    lambda,
    load::Loads,
    ours,
    plan::Pair,
    reason::{hidden, tail, told},
    report::{Absent, Comparison, Settings},
    running::Running,
    served::{self, Side},
    size, streams, theirs, tools,
};
use crate::args::Group;

/// The available and the missing contestants.
pub(super) struct Field<'a> {
    context: &'a BenchContext<'a>,
    pub(super) settings: Settings,
    known: BTreeMap<Contestant, Option<Ready>>,
    tried: BTreeMap<Contestant, bool>,
    loads: Option<Option<Loads>>,
    pub(super) not_run: Vec<Absent>,
    pub(super) failed: Vec<Absent>,
}

impl<'a> Field<'a> {
    /// An empty field.
    pub(super) fn new(context: &'a BenchContext<'a>, settings: Settings) -> Self {
        Self {
            context,
            settings,
            known: BTreeMap::new(),
            tried: BTreeMap::new(),
            loads: None,
            not_run: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// The comparisons of a pair; none where one of them is missing.
    pub(super) fn measure(&mut self, pair: &Pair) -> Vec<Comparison> {
        let both = [pair.ours, pair.theirs].map(|one| self.ready(one));
        let [Some(ours), Some(theirs)] = both else {
            return Vec::new();
        };
        if pair.group != Group::Size {
            let tried = [(pair.ours, &ours), (pair.theirs, &theirs)];
            let works = tried.map(|(one, ready)| self.works(one, ready));
            if works != [true, true] {
                return Vec::new();
            }
        }
        let title = format!("{}: {}", pair.group.name(), pair.name());
        let step = self.context.console.step(&title);
        let measured = self.measured(pair, &ours, &theirs);
        match measured {
            Ok(comparisons) => {
                step.done();
                comparisons
            }
            Err(refusal) => {
                drop(step);
                self.refuse(&pair.name(), refusal);
                Vec::new()
            }
        }
    }

    fn measured(
        &mut self,
        pair: &Pair,
        ours: &Ready,
        theirs: &Ready,
    ) -> Result<Vec<Comparison>, Refusal> {
        let Settings {
            rounds, seconds, ..
        } = self.settings;
        let sides = [(pair.ours, ours), (pair.theirs, theirs)].map(|(contestant, ready)| Side {
            contestant,
            recipe: &ready.recipe,
        });
        match pair.group {
            Group::Size => Ok(size::measure(pair, ours, theirs)?),
            Group::Lambda => {
                let emulator = tools::emulator(self.context.home)?;
                Ok(lambda::measure(pair, sides, rounds, seconds, &emulator)?)
            }
            Group::Streams => {
                let Some(origin) = self.ready(Contestant::AxumStreams) else {
                    return Ok(Vec::new());
                };
                match self.loads() {
                    Some(loads) => Ok(streams::measure(
                        pair,
                        sides,
                        rounds,
                        loads,
                        &origin.recipe,
                    )?),
                    None => Ok(Vec::new()),
                }
            }
            Group::Workerd | Group::Wasi | Group::Local | Group::Core => match self.loads() {
                Some(loads) => Ok(served::measure(pair, sides, rounds, loads)?),
                // Already reported.
                None => Ok(Vec::new()),
            },
        }
    }

    /// The load generators, if all are available.
    fn loads(&mut self) -> Option<&Loads> {
        if self.loads.is_none() {
            let tools = [
                ("wrk", tools::wrk(self.context)),
                ("oha", tools::oha(self.context)),
            ];
            let [wrk, oha] = tools.map(|(name, found)| match found {
                Ok(path) => Some(path),
                Err(refusal) => {
                    self.refuse(name, refusal);
                    None
                }
            });
            self.loads = Some(self.with(wrk, oha));
        }
        self.loads.as_ref()?.as_ref()
    }

    fn with(&self, wrk: Option<PathBuf>, oha: Option<PathBuf>) -> Option<Loads> {
        Some(Loads {
            wrk: wrk?,
            oha: oha?,
            folder: self.context.work.clone(),
            seconds: self.settings.seconds,
            connections: self.settings.connections,
        })
    }

    /// The contestant, prepared on first use.
    fn ready(&mut self, contestant: Contestant) -> Option<Ready> {
        if let Some(known) = self.known.get(&contestant) {
            return known.clone();
        }
        let console = self.context.console;
        console.note(&format!("  making {} ready", contestant.name()));
        let ready = match make(self.context, contestant) {
            Ok(ready) => Some(ready),
            Err(refusal) => {
                self.refuse(contestant.name(), refusal);
                None
            }
        };
        self.known.insert(contestant, ready.clone());
        ready
    }

    /// Whether the contestant responds as it should, tried on first use.
    fn works(&mut self, contestant: Contestant, ready: &Ready) -> bool {
        if let Some(works) = self.tried.get(&contestant) {
            return *works;
        }
        let log = self.context.work.join("said");
        let works = match attempt(self.context, contestant, ready, &log) {
            Ok(()) => true,
            Err(Refusal::Failed(error)) => {
                let said = tail(&log);
                self.refuse(contestant.name(), Refusal::Failed(error.context(said)));
                false
            }
            Err(refusal) => {
                self.refuse(contestant.name(), refusal);
                false
            }
        };
        self.tried.insert(contestant, works);
        works
    }

    /// Records and reports that something is missing.
    pub(super) fn refuse(&mut self, name: &str, refusal: Refusal) {
        let (list, why, how) = match refusal {
            Refusal::NotRun(why) => (&mut self.not_run, why, "not run"),
            Refusal::Failed(error) => (&mut self.failed, told(&error), "failed"),
        };
        let absent = Absent {
            name: name.to_owned(),
            why: hidden(&why, self.context),
        };
        if !list.contains(&absent) {
            self.context
                .console
                .note(&format!("  {how}: {}: {}", absent.name, absent.why));
            list.push(absent);
        }
    }
}

fn make(context: &BenchContext<'_>, contestant: Contestant) -> Result<Ready, Refusal> {
    match contestant {
        Contestant::GuruWorkerd => ours::workerd(context),
        Contestant::GuruHost => ours::host(context),
        Contestant::GuruWasmtime => ours::wasmtime(context, &[]),
        // One instance per request, as in our own host; by default wasmtime reuses an instance for 128 requests, 16 at a time.
        Contestant::GuruWasmtimeFresh => ours::wasmtime(context, &["--max-instance-reuse-count=1"]),
        Contestant::GuruSpin => ours::spin(context),
        Contestant::GuruLambda => ours::lambda(context),
        Contestant::GuruLocal => ours::local(context),
        Contestant::JavaScript => theirs::javascript(context),
        Contestant::Worker => theirs::worker(context, "worker"),
        Contestant::Hono => theirs::hono(context),
        Contestant::SpinSdk => theirs::spin_sdk(context, "spin-sdk", "spin-sdk-hello"),
        Contestant::SpinSdkSpin => theirs::spin_sdk_in_spin(context),
        Contestant::LambdaHttp => theirs::lambda_http(context),
        Contestant::Awslambdaric => theirs::awslambdaric(context),
        Contestant::Axum => theirs::axum(context, "axum", "axum-hello"),
        Contestant::Flask => theirs::flask(context),
        Contestant::ProbeWorkerd => ours::workerd(&context.of(PROBE)).map(streams::of),
        Contestant::ProbeHost => ours::host(&context.of(PROBE)).map(streams::of),
        Contestant::ProbeLocal => ours::local(&context.of(PROBE)).map(streams::of),
        Contestant::WorkerStreams => theirs::worker(context, "worker-streams").map(streams::of),
        Contestant::SpinSdkStreams => {
            theirs::spin_sdk(context, "spin-sdk-streams", "spin-sdk-streams").map(streams::of)
        }
        Contestant::AxumStreams => {
            theirs::axum(context, "axum-streams", "axum-streams").map(streams::of)
        }
    }
}

/// Starts the contestant once and sends one request, with its output in `log`. This also warms it up.
fn attempt(
    context: &BenchContext<'_>,
    contestant: Contestant,
    ready: &Ready,
    log: &Path,
) -> Result<(), Refusal> {
    let output = Output::Kept(log.to_owned());
    if contestant.is_lambda() {
        let emulator = tools::emulator(context.home)?;
        let emulator = Emulator::start(&emulator, &ready.recipe, &output)?;
        emulator.invoke()?;
    } else {
        Running::start(&ready.recipe, &output)?;
    }
    Ok(())
}
