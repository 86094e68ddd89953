//! Drivers, each of which starts one real runtime and returns its endpoint. They are configured by data: [`DriverConfig`].

mod component;
mod config;
mod deployed;
mod dev;
mod machine;
mod process;

pub use component::{compile, component, spin_manifest};
pub(crate) use config::LACKS;
pub use config::{DriverConfig, Lost, Runtime};
pub use deployed::Deployed;
pub(crate) use dev::Dev;
pub use dev::{Project, address};
pub use machine::{program, with_hosts};
pub use process::Process;

use anyhow::{Result, bail};
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use crate::vector::Function;
use crate::wire::{Connection, Endpoint, Failure, Message};
use tempfile::TempDir;

/// A secret that the probe is started with.
pub(crate) const SECRET: (&str, &str) = ("PROBE_SECRET", "grüß = 'canary', 3");

/// A setting that every target passes to the function in its vendor's way: its name and its value.
pub(crate) const SETTING: (&str, &str) = ("GURU_PROBE_SETTING", "grüß = 1, 2");

/// Starts functions on one real runtime.
pub trait Driver: Send + Sync {
    /// The target's name, as in `GURU_ON`.
    fn name(&self) -> &str;

    /// A short description of the runtime for the report.
    fn about(&self) -> String;

    /// The documented differences of this target; a vector may expect any of them in place of the contract.
    fn differences(&self) -> &[String] {
        &[]
    }

    /// The ports that the target cannot give, whose cases are skipped.
    fn lacks(&self) -> &[String] {
        &[]
    }

    /// The answer of the vendor's development proxy to a request that it has lost, if it is known to lose any.
    fn lost(&self) -> Option<&Lost> {
        None
    }

    /// Whether a crash in one handler leaves other requests alone. Where it does not, a case with a crash runs alone.
    fn crashes_alone(&self) -> bool {
        true
    }

    /// Whether the runtime is installed; cheap, and starts nothing.
    fn ready(&self) -> Result<(), NotRun> {
        Ok(())
    }

    /// Builds and starts `function`, and waits until it is listening.
    fn start(&self, function: Function) -> Result<Running, Refusal>;
}

/// Why a target cannot be driven on this machine, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRun(pub String);

/// Why a function did not start.
#[derive(Debug)]
pub enum Refusal {
    /// It cannot run here: reported as `not run`, and a failure only where the target is required.
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

/// A running function; its processes end when this is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    /// Its endpoint.
    pub endpoint: Endpoint,
    processes: Vec<Process>,
    /// What the function keeps, which goes after it.
    data: Option<TempDir>,
    hung: OnceLock<Hung>,
}

/// A function that answers nobody any more.
#[derive(Debug)]
struct Hung {
    /// The case after which it does not.
    case: String,
    /// Whether none of its processes works.
    is_idle: bool,
}

impl Running {
    /// A function at `endpoint`, served by `processes`.
    #[must_use]
    pub fn new(endpoint: Endpoint, processes: Vec<Process>) -> Self {
        Self {
            endpoint,
            processes,
            data: None,
            hung: OnceLock::new(),
        }
    }

    /// The same with a folder that the function keeps things in.
    #[must_use]
    pub fn with_data(mut self, data: TempDir) -> Self {
        self.data = Some(data);
        self
    }

    /// The last lines of the processes' output.
    #[must_use]
    pub fn output(&self) -> String {
        self.processes.iter().map(Process::output).collect()
    }

    /// Why the function stopped, if a process has exited by itself.
    #[must_use]
    pub fn died(&self) -> Option<String> {
        self.processes.iter().find_map(Process::died)
    }

    /// The case after which the function answered nobody any more.
    #[must_use]
    pub fn hung(&self) -> Option<&str> {
        self.hung.get().map(|hung| &*hung.case)
    }

    /// Whether it answers nobody any more, and none of its processes works.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.hung.get().is_some_and(|hung| hung.is_idle)
    }

    /// Asks, after a case that has failed, whether anybody is still answered within `limit`. Returns what is known of a function that
    /// answers nobody; the cases after it need not wait for it.
    #[must_use]
    pub fn hangs(&self, case: &str, limit: Duration) -> Option<String> {
        let authority = &self.endpoint.authority;
        let message = Message {
            bytes: format!("GET /ok HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n")
                .into_bytes(),
            first: None,
        };
        let mut connection = Connection::open(&self.endpoint, limit).ok()?;
        let answer = connection.exchange(&message, false, limit);
        let failure = answer.err().filter(Failure::is_silence)?;
        let (doing, idle): (Vec<_>, Vec<_>) = self.processes.iter().map(Process::doing).unzip();
        let hung = Hung {
            case: case.to_owned(),
            is_idle: idle.into_iter().all(|is_idle| is_idle),
        };
        let doing = match self.hung.set(hung) {
            Ok(()) => doing.concat(),
            // It was told with the case that has noticed first.
            Err(_) => String::new(),
        };
        Some(format!(
            "nobody is answered any more: GET /ok on a new connection has {failure}{doing}"
        ))
    }

    /// Stops the processes.
    pub fn stop(&self) {
        for process in &self.processes {
            process.stop();
        }
    }
}

/// Every target of this workspace.
///
/// # Errors
///
/// When a `conformance.toml` is malformed.
pub fn drivers() -> Result<Vec<Box<dyn Driver>>> {
    let ways = DriverConfig::all(&machine::workspace().join("targets"))?;
    Ok(driven(&ways, None))
}

/// The drivers for these configurations, of a user's project or of this workspace's functions.
#[must_use]
pub fn driven(ways: &[DriverConfig], project: Option<&Project>) -> Vec<Box<dyn Driver>> {
    let ways = ways
        .iter()
        .filter(|way| way.in_projects || project.is_none());
    let driven = ways.map(|way| Dev {
        way: way.clone(),
        project: project.cloned(),
    });
    driven.map(|dev| Box::new(dev) as Box<dyn Driver>).collect()
}

/// The drivers with the given names; all of them when no name is given.
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
        let Err(error) = select(&["lokal".into()], drivers().unwrap()) else {
            panic!("`lokal` was taken for a target")
        };
        assert_eq!(
            error.to_string(),
            "there is no target `lokal`: the targets are local, cloudflare, lambda-rest, lambda-http, lambda-url, lambda-alb, lambda-url-stream, lambda-rest-stream, spin, spin-alone, wasi"
        );
    }

    #[test]
    fn no_name_means_every_target() {
        let all = drivers().unwrap().len();
        assert_eq!(select(&[], drivers().unwrap()).unwrap().len(), all);
        assert_eq!(
            select(&["local".into()], drivers().unwrap()).unwrap().len(),
            1
        );
    }
}
