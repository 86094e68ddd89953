//! Who takes part: each is made ready once, then started as a process as often as it is measured. Knows who there is, not what
//! anybody is made of.

use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use crate::surroundings;

/// What stands for the port in the words of a recipe.
pub(super) const PORT: &str = "{port}";

/// Someone who answers `POST /`.
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
}

impl Contestant {
    /// As the reader knows it.
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
        }
    }

    /// Whether it is invoked by Lambda's interface, not over HTTP.
    pub(super) const fn is_lambda(self) -> bool {
        matches!(
            self,
            Self::GuruLambda | Self::LambdaHttp | Self::Awslambdaric
        )
    }
}

/// A contestant that can be started.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    /// How it is started.
    pub(super) recipe: Recipe,
    /// What is deployed of it; empty where nobody asks.
    pub(super) deployed: Vec<PathBuf>,
}

/// A command, but for the port.
#[derive(Debug, Clone, Default)]
pub(super) struct Recipe {
    pub(super) program: PathBuf,
    pub(super) words: Vec<OsString>,
    pub(super) variables: Vec<(&'static str, &'static str)>,
    pub(super) folder: Option<PathBuf>,
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

    /// A variable of its environment; `{port}` stands for the port.
    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// The folder that it runs in.
    pub(super) fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// The program, without its folder.
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

/// Where what a contestant says goes.
pub(super) enum Output {
    /// Nowhere: while it is measured, nobody reads, so that nothing but its own writing costs time.
    Lost,
    /// Into a file, to tell why it did not work.
    Kept(PathBuf),
}

impl Output {
    /// Both outputs of a command.
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

/// Why a contestant is not there.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Something that it needs is not installed: what to do.
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
