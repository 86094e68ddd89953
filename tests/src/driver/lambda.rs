//! AWS Lambda: the bootstrap with the component that Spin runs, under AWS's own Runtime Interface Emulator, four times: as it
//! is invoked by a REST API, an HTTP API, a Function URL and a load balancer.
//!
//! It must not know any other target, nor what an event looks like: `guru-gateway` does.

use anyhow::Result;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::vector::Function;
use crate::wire::Endpoint;

use super::local::LISTENING;
use super::machine::{compiles, home, program};
use super::wasi::compiled;
use super::{Driver, NotRun, Process, Refusal, Running, SETTING};

/// From the process to its first `listening` line.
const START: Duration = Duration::from_secs(30);

/// The emulator in the package that has it, for this machine.
const EMULATOR: &str = if cfg!(target_arch = "aarch64") {
    "sam/samcli/local/rapid/aws-lambda-rie-arm64"
} else {
    "sam/samcli/local/rapid/aws-lambda-rie-x86_64"
};

/// Lambda behind one front.
pub(super) struct Lambda {
    name: &'static str,
    /// As `guru-gateway` calls it.
    front: &'static str,
    about: &'static str,
    /// What the front cannot do, each defended in docs/portability.md.
    differences: &'static [&'static str],
}

/// Lambda behind each front.
pub(super) const FRONTS: [Lambda; 4] = [
    Lambda {
        name: "lambda-rest",
        front: "rest",
        about: "events of a REST API (version 1)",
        differences: &[
            "bodies-limited-by-the-vendor",
            "empty-query-is-none",
            "header-values-utf-8",
            "heads-read-by-the-front",
            "instance-a-request",
            "query-rebuilt",
        ],
    },
    Lambda {
        name: "lambda-http",
        front: "http",
        about: "events of an HTTP API (version 2)",
        differences: &[
            "answer-headers-once",
            "bodies-limited-by-the-vendor",
            "empty-query-is-none",
            "header-values-utf-8",
            "heads-read-by-the-front",
            "instance-a-request",
            "path-decoded",
            "request-repeats-joined",
        ],
    },
    Lambda {
        name: "lambda-url",
        front: "url",
        about: "events of a Function URL",
        differences: &[
            "answer-headers-once",
            "bodies-limited-by-the-vendor",
            "empty-query-is-none",
            "header-values-utf-8",
            "heads-read-by-the-front",
            "instance-a-request",
            "request-repeats-joined",
        ],
    },
    Lambda {
        name: "lambda-alb",
        front: "alb",
        about: "events of a load balancer",
        differences: &[
            "bodies-limited-by-the-vendor",
            "empty-query-is-none",
            "header-values-utf-8",
            "heads-read-by-the-front",
            "instance-a-request",
            "query-sorted",
        ],
    },
];

impl Driver for Lambda {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> String {
        let version = version().unwrap_or_default();
        format!(
            "AWS's Runtime Interface Emulator {version}, fed {}",
            self.about
        )
    }

    fn differences(&self) -> &'static [&'static str] {
        self.differences
    }

    fn ready(&self) -> Result<(), NotRun> {
        if !cfg!(target_os = "linux") {
            return Err(NotRun("AWS's emulator runs on Linux only".into()));
        }
        if emulator().is_none() {
            return Err(NotRun(
                "AWS's emulator is not installed; `cargo guru setup` gets it, or name one in LAMBDA_RIE_BIN".into(),
            ));
        }
        if !compiles("wasm32-wasip2") {
            return Err(NotRun(
                "nothing here compiles for wasm32-wasip2; `cargo guru setup` gets it".into(),
            ));
        }
        Ok(())
    }

    fn start(&self, function: Function) -> Result<Running, Refusal> {
        let emulator = emulator().ok_or_else(|| NotRun("the emulator is gone".into()))?;
        let compiled = compiled(function)?;
        let bootstrap = program("bootstrap")?;
        let mut command = Command::new(program("guru-gateway")?);
        command
            .args(["--front", self.front, "--port", "0", "--emulator"])
            .arg(emulator)
            .arg("--bootstrap")
            .arg(bootstrap)
            .env("GURU_COMPONENT", compiled)
            .env(SETTING.0, SETTING.1);
        let process = Process::spawn(command, &format!("{} with {function}", self.name))?;
        let url = process.wait_for(START, |line| {
            line.strip_prefix(LISTENING)
                .map(|url| url.trim().to_owned())
        })?;
        Ok(Running::new(Endpoint::parse(&url)?, vec![process]))
    }
}

/// The emulator that `LAMBDA_RIE_BIN` names, else that of `guru setup`.
fn emulator() -> Option<PathBuf> {
    if let Some(named) = env::var_os("LAMBDA_RIE_BIN").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = home()?.join(EMULATOR);
    path.is_file().then_some(path)
}

/// The version of the package that it came in; a named one has none.
fn version() -> Option<String> {
    let folder = emulator()?.ancestors().nth(4)?.read_dir().ok()?;
    let mut names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.find_map(|name| {
        let version = name.strip_prefix("aws_sam_cli-")?;
        Some(format!(
            "of aws-sam-cli {}",
            version.strip_suffix(".dist-info")?
        ))
    })
}
