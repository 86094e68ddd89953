//! The native server: the function's own binary, as `cargo run` starts it.
//!
//! It must not know any other target.

use std::process::Command;
use std::time::Duration;

use crate::vector::Function;
use crate::wire::Endpoint;

use super::machine::program;
use super::{Driver, Process, Refusal, Running, SETTING};

/// From the process to its first `listening` line.
const START: Duration = Duration::from_secs(20);

/// The line on standard output that says where the server listens.
pub(super) const LISTENING: &str = "listening on ";

/// What is said of this target in docs/portability.md.
const DIFFERENCES: [&str; 1] = ["instance-kept"];

pub(super) struct Local;

impl Driver for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn about(&self) -> String {
        format!("the native server of guru {}", env!("CARGO_PKG_VERSION"))
    }

    fn differences(&self) -> &'static [&'static str] {
        &DIFFERENCES
    }

    fn start(&self, function: Function) -> Result<Running, Refusal> {
        let mut command = Command::new(program(function.name())?);
        command
            .args(["--host", "127.0.0.1", "--port", "0", "--log", "json"])
            .env(SETTING.0, SETTING.1);
        let process = Process::spawn(command, &format!("the native server of {function}"))?;
        let url = process.wait_for(START, |line| {
            line.strip_prefix(LISTENING)
                .map(|url| url.trim().to_owned())
        })?;
        Ok(Running::new(Endpoint::parse(&url)?, vec![process]))
    }
}
