//! Drives any target by starting it with `guru dev`, as a function's author would. What the target lacks on this machine is left
//! to `guru doctor`.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for a name that it has not; it never panics"
)]

use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::vector::Function;
use crate::wire::Endpoint;

use super::machine::{forget_toolchain, program, with_hosts, workspace};
use super::{
    Driver, DriverConfig, Lost, NotRun, Process, Refusal, Running, Runtime, SECRET, SETTING,
};

/// The timeout from starting the process to the line with its address; a first build of the function is part of it.
const START: Duration = Duration::from_secs(1800);

/// The same for functions of this workspace, which are small, with hosts that are there already.
const OWN_START: Duration = Duration::from_secs(600);

/// The ports of the probe, which are features of it.
const PORTS: [&str; 6] = [
    "blob",
    "invoke",
    "key-value",
    "postgres",
    "secret",
    "sqlite",
];

/// The variable that names the folder of what a function keeps.
const DATA: &str = "GURU_DATA";

/// What every target needs, which the report omits.
const COMMON: [&str; 2] = ["rust", "wasm targets"];

/// A user's project.
#[derive(Debug, Clone)]
pub struct Project {
    /// The `guru` command.
    pub guru: PathBuf,
    /// A folder of the project.
    pub folder: PathBuf,
    /// The function's package.
    pub function: String,
}

/// A target and how it is driven.
pub(crate) struct Dev {
    pub(crate) way: DriverConfig,
    /// A user's project, or `None` for the functions of our own workspace.
    pub(crate) project: Option<Project>,
}

impl Driver for Dev {
    fn name(&self) -> &str {
        &self.way.name
    }

    fn about(&self) -> String {
        let about = &self.way.about;
        if self.way.runtime == Runtime::StandIn {
            // It is of this very version, and what else the target needs has no part in it.
            return about.clone();
        }
        let diagnosis = self.diagnosis().ok().flatten();
        let needs = diagnosis
            .as_ref()
            .and_then(|said| said["to_run"].as_array());
        let mut found = needs.into_iter().flatten().filter_map(|need| {
            let is_common = COMMON.iter().any(|common| need["need"] == *common);
            need["found"].as_str().filter(|_| !is_common)
        });
        match found.next().and_then(|found| found.lines().next()) {
            Some(found) => format!("{about}: {found}"),
            None => about.clone(),
        }
    }

    fn differences(&self) -> &[String] {
        &self.way.differences
    }

    fn lacks(&self) -> &[String] {
        &self.way.lacks
    }

    fn lost(&self) -> Option<&Lost> {
        self.way.lost.as_ref()
    }

    fn crashes_alone(&self) -> bool {
        self.way.crashes_alone
    }

    fn ready(&self) -> Result<(), NotRun> {
        // What keeps `guru doctor` from answering is said when the function is started, and is a failure.
        let Ok(diagnosis) = self.diagnosis() else {
            return Ok(());
        };
        let Some(diagnosis) = diagnosis else {
            return Err(NotRun(format!("guru knows no target {}", self.way.target)));
        };
        let needs = diagnosis["to_run"].as_array().into_iter().flatten();
        let lacks: Vec<_> = needs
            .filter_map(|need| {
                let how = need["how"].as_str()?;
                Some(format!("{}: {how}", need["need"].as_str()?))
            })
            .collect();
        if lacks.is_empty() {
            Ok(())
        } else {
            Err(NotRun(lacks.join("; ")))
        }
    }

    /// A project has a single function, which is started whichever one the suite asks for.
    fn start(&self, function: Function) -> Result<Running, Refusal> {
        let mut command = self.guru()?;
        let name = match &self.project {
            Some(project) => &project.function,
            None => function.name(),
        };
        command
            .args(["dev", name, "--no-watch", "--port", "0"])
            .args(["--on", &self.way.target])
            .args(&self.way.dev)
            .arg("--env")
            .arg(format!("{}={}", SETTING.0, SETTING.1))
            .arg("--env")
            .arg(format!("{}={}", SECRET.0, SECRET.1))
            .env("NO_COLOR", "1");
        if function == Function::Probe && self.project.is_none() {
            let given = PORTS
                .iter()
                .filter(|port| !self.way.lacks.iter().any(|lacks| lacks == *port));
            let given: Vec<_> = given.copied().collect();
            command.args(["--no-default-features", "--features", &given.join(",")]);
        }
        let data =
            tempfile::tempdir().context("cannot make a folder for what the function keeps")?;
        command.env(DATA, data.path());
        if !self.way.more.is_empty() {
            command.arg("--").args(&self.way.more);
        }
        let process = Process::spawn(command, &format!("{name} on {}", self.way.name))?;
        let limit = match &self.project {
            Some(_) => START,
            None => OWN_START,
        };
        let url = process.wait_for(limit, address)?;
        Ok(Running::new(Endpoint::parse(&url)?, vec![process]).with_data(data))
    }
}

impl Dev {
    /// The `guru` command, in the folder of the function.
    fn guru(&self) -> Result<Command> {
        let mut command = match &self.project {
            Some(project) => {
                let mut command = Command::new(&project.guru);
                command.current_dir(&project.folder);
                command
            }
            None => {
                let mut command = Command::new(program("guru")?);
                with_hosts(command.current_dir(workspace()))?;
                command
            }
        };
        forget_toolchain(&mut command);
        Ok(command)
    }

    /// The diagnosis by `guru doctor`, cached for all drivers of the target.
    fn diagnosis(&self) -> Result<Option<Value>> {
        static SAID: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());
        let mut all = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = all.get(&self.way.target) {
            return Ok(Some(said.clone()));
        }
        let mut command = self.guru()?;
        command.args(["doctor", "--json", "--on", &self.way.target]);
        let said = command.output().context("cannot start `guru doctor`")?;
        let said: Value = serde_json::from_slice(&said.stdout).with_context(|| {
            format!(
                "`guru doctor --on {}` said no JSON: {}",
                self.way.target,
                String::from_utf8_lossy(&said.stderr)
            )
        })?;
        let targets = said["targets"].as_array().into_iter().flatten();
        let mut targets = targets.filter(|said| said["target"] == *self.way.target);
        let found = targets.next().cloned();
        all.extend(found.clone().map(|said| (self.way.target.clone(), said)));
        Ok(found)
    }
}

/// The URL after the words with which a runtime announces that it is listening.
#[must_use]
pub fn address(line: &str) -> Option<String> {
    let words = ["listening on ", "Ready on ", "Serving "];
    let (_, rest) = words.iter().find_map(|word| line.split_once(word))?;
    let url = rest.split_whitespace().next()?;
    url.starts_with("http://").then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_in_what_each_runtime_says() {
        let url = Some("http://127.0.0.1:5000".to_owned());
        for line in [
            "listening on http://127.0.0.1:5000",
            "[wrangler:info] Ready on http://127.0.0.1:5000",
            "Serving http://127.0.0.1:5000",
        ] {
            assert_eq!(address(line), url, "{line}");
        }
        assert_eq!(address("Serving static files"), None);
    }
}
