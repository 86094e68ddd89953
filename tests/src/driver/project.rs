//! A function of somebody's own, on any target: `guru dev` starts it there, as its author would.
//!
//! It must not know how a target is started: `guru dev` does.

use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::vector::Function;
use crate::wire::Endpoint;

use super::machine::forget_toolchain;
use super::{Driver, NotRun, Process, Refusal, Running};

/// From the process to the line with its address; a first build of the function is part of it.
const START: Duration = Duration::from_secs(1800);

/// Whose function it is.
#[derive(Debug, Clone)]
pub struct Project {
    /// The `guru` command.
    pub guru: PathBuf,
    /// A folder of the project.
    pub folder: PathBuf,
    /// The function's package.
    pub function: String,
}

/// The function on one target.
pub(crate) struct Own {
    pub(crate) project: Project,
    /// The target, of which everything but the start is taken.
    pub(crate) like: Box<dyn Driver>,
}

impl Driver for Own {
    fn name(&self) -> &'static str {
        self.like.name()
    }

    fn about(&self) -> String {
        self.like.about()
    }

    fn differences(&self) -> &'static [&'static str] {
        self.like.differences()
    }

    fn crashes_alone(&self) -> bool {
        self.like.crashes_alone()
    }

    fn ready(&self) -> Result<(), NotRun> {
        self.like.ready()
    }

    /// The vectors that hold for any function drive this one, whichever they drive in our own suite.
    fn start(&self, _function: Function) -> Result<Running, Refusal> {
        let Project {
            guru,
            folder,
            function,
        } = &self.project;
        let mut command = Command::new(guru);
        command
            .current_dir(folder)
            .args(["dev", function, "--no-watch", "--port", "0", "--on"]);
        match self.name().split_once('-') {
            Some((target, front)) => command.args([target, "--front", front]),
            None => command.arg(self.name()),
        };
        command.env("NO_COLOR", "1");
        forget_toolchain(&mut command);
        let process = Process::spawn(command, &format!("{function} on {}", self.name()))?;
        let url = process.wait_for(START, address)?;
        Ok(Running::new(Endpoint::parse(&url)?, vec![process]))
    }
}

/// What follows the word with which a runtime says that it listens.
fn address(line: &str) -> Option<String> {
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
