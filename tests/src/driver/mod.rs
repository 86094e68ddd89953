//! Drivers: each starts one real runtime and says where it answers. Adding a target is one file and one line in [`drivers`].
//!
//! It must not know what is asked of a runtime.

mod cloudflare;
mod deployed;
mod lambda;
mod local;
mod machine;
mod process;
mod project;
mod spin;
mod wasi;

pub use deployed::Deployed;
pub use process::Process;
pub(crate) use project::Own;
pub use project::Project;
pub use wasi::{compile, compiled, component};

use anyhow::{Result, bail};
use std::fmt;

use crate::vector::Function;
use crate::wire::Endpoint;

/// A setting that every target gives to the function, in its vendor's way: its name and its value.
pub(crate) const SETTING: (&str, &str) = ("GURU_PROBE_SETTING", "grüß = 1, 2");

/// Starts a function in one real runtime.
pub trait Driver: Send + Sync {
    /// The target's name, as in `GURU_ON`.
    fn name(&self) -> &'static str;

    /// The runtime in a few words, for the report.
    fn about(&self) -> String;

    /// The documented differences that this target has; a vector may demand each in place of the contract.
    fn differences(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a handler that crashes takes no other request with it. Where it does, nothing runs beside a case that crashes one.
    fn crashes_alone(&self) -> bool {
        true
    }

    /// Whether `guru dev` starts this target: not where a runtime is run in a way of its own for our suite.
    fn in_dev(&self) -> bool {
        true
    }

    /// Whether the runtime is installed; cheap, and starts nothing.
    fn ready(&self) -> Result<(), NotRun> {
        Ok(())
    }

    /// Builds and starts `function`, and waits until it answers.
    fn start(&self, function: Function) -> Result<Running, Refusal>;
}

/// Why a target cannot be driven on this machine, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRun(pub String);

/// Why a function did not start.
#[derive(Debug)]
pub enum Refusal {
    /// It cannot run here: shown as `not run`, and a failure only where the target is required.
    NotRun(NotRun),
    /// It should have run: always a failure.
    Failed(anyhow::Error),
}

impl From<NotRun> for Refusal {
    fn from(reason: NotRun) -> Self {
        Self::NotRun(reason)
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// A function that answers; its processes end when this is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it answers.
    pub endpoint: Endpoint,
    processes: Vec<Process>,
}

impl Running {
    /// A function at `endpoint`, kept up by `processes`.
    #[must_use]
    pub fn new(endpoint: Endpoint, processes: Vec<Process>) -> Self {
        Self {
            endpoint,
            processes,
        }
    }

    /// What the processes printed, the last lines.
    #[must_use]
    pub fn output(&self) -> String {
        self.processes.iter().map(Process::output).collect()
    }

    /// Why the function is no longer there, if a process has ended by itself.
    #[must_use]
    pub fn died(&self) -> Option<String> {
        self.processes.iter().find_map(Process::died)
    }

    /// Ends the processes.
    pub fn stop(&self) {
        for process in &self.processes {
            process.stop();
        }
    }
}

/// The manifest with which `spin up` runs the function.
#[must_use]
pub fn spin_manifest(function: Function) -> std::path::PathBuf {
    spin::manifest(function)
}

/// Every target that exists.
#[must_use]
pub fn drivers() -> Vec<Box<dyn Driver>> {
    let mut drivers: Vec<Box<dyn Driver>> =
        vec![Box::new(local::Local), Box::new(cloudflare::Cloudflare)];
    drivers.extend(spin::WAYS.map(|way| Box::new(way) as Box<dyn Driver>));
    drivers.push(Box::new(wasi::Wasi));
    drivers.extend(lambda::FRONTS.map(|front| Box::new(front) as Box<dyn Driver>));
    drivers
}

/// The drivers whose names are wanted; all of them when no name is.
pub fn select(wanted: &[String], mut all: Vec<Box<dyn Driver>>) -> Result<Vec<Box<dyn Driver>>> {
    let known: Vec<&str> = all.iter().map(|driver| driver.name()).collect();
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        bail!(
            "there is no target `{unknown}`: the targets are {}",
            known.join(", ")
        );
    }
    if !wanted.is_empty() {
        all.retain(|driver| wanted.iter().any(|name| name == driver.name()));
    }
    Ok(all)
}

impl fmt::Display for NotRun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_target_is_answered_with_the_known_ones() {
        let Err(error) = select(&["lokal".into()], drivers()) else {
            panic!("`lokal` was taken for a target")
        };
        assert_eq!(
            error.to_string(),
            "there is no target `lokal`: the targets are local, cloudflare, spin, spin-alone, wasi, lambda-rest, lambda-http, lambda-url, lambda-alb"
        );
    }

    #[test]
    fn no_name_means_every_target() {
        assert_eq!(select(&[], drivers()).unwrap().len(), drivers().len());
        assert_eq!(select(&["local".into()], drivers()).unwrap().len(), 1);
    }
}
