//! The contestants: each is prepared once, then started as a process for every measurement.

use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use crate::surroundings;

/// The placeholder of the port in a recipe's arguments.
pub(super) const PORT: &str = "{port}";

/// An implementation of `POST /`, or of streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Contestant {
    GuruWorkerd,
    GuruHost,
    GuruWasmtime,
    GuruWasmtimeFresh,
    GuruSpin,
    GuruLambda,
    GuruLocal,
    JavaScript,
    Worker,
    Hono,
    SpinSdk,
    SpinSdkSpin,
    LambdaHttp,
    Awslambdaric,
    Axum,
    Flask,
    ProbeWorkerd,
    ProbeHost,
    ProbeLocal,
    WorkerStreams,
    SpinSdkStreams,
    AxumStreams,
}

impl Contestant {
    /// The display name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GuruWorkerd => "guru on workerd",
            Self::GuruHost => "guru in guru-host",
            Self::GuruWasmtime => "guru in wasmtime serve",
            Self::GuruWasmtimeFresh => "guru in wasmtime serve, no reuse",
            Self::GuruSpin => "guru in spin up",
            Self::GuruLambda => "guru on Lambda",
            Self::GuruLocal => "guru as a native server",
            Self::JavaScript => "plain JavaScript on workerd",
            Self::Worker => "the worker crate on workerd",
            Self::Hono => "Hono on workerd",
            Self::SpinSdk => "spin-sdk in guru-host",
            Self::SpinSdkSpin => "spin-sdk in spin up",
            Self::LambdaHttp => "lambda_http on Lambda",
            Self::Awslambdaric => "awslambdaric on Lambda",
            Self::Axum => "axum",
            Self::Flask => "Flask",
            Self::ProbeWorkerd => "guru's probe on workerd",
            Self::ProbeHost => "guru's probe in guru-host",
            Self::ProbeLocal => "guru's probe as a native server",
            Self::WorkerStreams => "streams of the worker crate on workerd",
            Self::SpinSdkStreams => "streams of spin-sdk in guru-host",
            Self::AxumStreams => "streams of axum, with reqwest",
        }
    }

    /// Whether it is invoked through Lambda's runtime interface, not over HTTP.
    pub(super) const fn is_lambda(self) -> bool {
        matches!(
            self,
            Self::GuruLambda | Self::LambdaHttp | Self::Awslambdaric
        )
    }
}

/// A prepared contestant.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    /// How to start it.
    pub(super) recipe: Recipe,
    /// The files that are deployed; empty where they are not measured.
    pub(super) deployed: Vec<PathBuf>,
}

/// A command, without its port.
#[derive(Debug, Clone, Default)]
pub(super) struct Recipe {
    pub(super) program: PathBuf,
    pub(super) words: Vec<OsString>,
    pub(super) variables: Vec<(&'static str, &'static str)>,
    pub(super) folder: Option<PathBuf>,
    /// What it is asked at the start, with `GET`; `None` for a meditation.
    pub(super) asked: Option<&'static str>,
}

impl Recipe {
    /// A program with its arguments, in which `{port}` stands for the port.
    pub(super) fn new(
        program: impl Into<PathBuf>,
        words: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        Self {
            program: program.into(),
            words: words.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Sets an environment variable; `{port}` stands for the port.
    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Sets the working directory.
    pub(super) fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Sets what it is asked at the start.
    pub(super) fn asked(mut self, path: &'static str) -> Self {
        self.asked = Some(path);
        self
    }

    /// The program's file name.
    pub(super) fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The command for a port.
    pub(super) fn command(&self, port: u16, output: &Output) -> Result<Command> {
        let port = port.to_string();
        let filled = |word: &OsString| match word.to_str() {
            Some(word) => word.replace(PORT, &port).into(),
            None => word.clone(),
        };
        let mut command = surroundings::command(&self.program);
        command
            .args(self.words.iter().map(filled))
            .env_remove("PORT")
            .envs(
                self.variables
                    .iter()
                    .map(|(name, value)| (name, value.replace(PORT, &port))),
            );
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        output.of(&mut command)?;
        Ok(command)
    }
}

/// Where a contestant's output goes.
pub(super) enum Output {
    /// Discarded: during a measurement nobody reads, so that only the writing itself costs time.
    Lost,
    /// Into a file, to explain a failure.
    Kept(PathBuf),
}

impl Output {
    /// Redirects both outputs of a command.
    pub(super) fn of(&self, command: &mut Command) -> Result<()> {
        command.stdin(Stdio::null());
        match self {
            Self::Lost => command.stdout(Stdio::null()).stderr(Stdio::null()),
            Self::Kept(path) => {
                let file = File::create(path)
                    .with_context(|| format!("cannot create {}", path.display()))?;
                let second = file.try_clone().context("cannot share a file")?;
                command.stdout(file).stderr(second)
            }
        };
        Ok(())
    }
}

/// Why a contestant is unavailable.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A prerequisite is not installed; says what to do.
    NotRun(String),
    /// It should have worked.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_filled_in_everywhere() {
        let recipe = Recipe::new("server", ["--addr", "127.0.0.1:{port}", "{port}"])
            .with("PORT", "{port}")
            .with("NO_COLOR", "1");
        let command = recipe.command(4711, &Output::Lost).unwrap();
        let words: Vec<_> = command.get_args().collect();
        assert_eq!(words, ["--addr", "127.0.0.1:4711", "4711"]);
        let value = |name: &str| command.get_envs().find(|(n, _)| *n == name).unwrap().1;
        assert_eq!(value("PORT").unwrap(), "4711");
        assert_eq!(value("NO_COLOR").unwrap(), "1");
    }
}
