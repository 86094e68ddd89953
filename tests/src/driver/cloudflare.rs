//! Cloudflare Workers: the function's own manifest under `wrangler dev`, which runs it in workerd.
//!
//! It must not know any other target, nor how a worker is built: the manifest says it.

use anyhow::Result;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::vector::Function;
use crate::wire::Endpoint;

use super::machine::{compiles, forget_toolchain, home, workspace};
use super::{Driver, NotRun, Process, Refusal, Running, SETTING};

/// From the process to its `Ready` line; a first build of the function is part of it.
const START: Duration = Duration::from_secs(900);

/// What wrangler says once it listens.
const READY: &str = "Ready on ";

/// What the runtime cannot do, each defended in docs/portability.md.
const DIFFERENCES: [&str; 9] = [
    "answer-repeats-joined",
    "client-ip-unknown",
    "connection-names-unknown",
    "dot-segments-resolved",
    "header-values-utf-8",
    "heads-read-by-wrangler",
    "instance-kept",
    "methods-of-a-list",
    "request-repeats-joined",
];

pub(super) struct Cloudflare;

impl Driver for Cloudflare {
    fn name(&self) -> &'static str {
        "cloudflare"
    }

    fn about(&self) -> String {
        format!(
            "workerd under wrangler dev {}",
            version().unwrap_or_default()
        )
    }

    fn differences(&self) -> &'static [&'static str] {
        &DIFFERENCES
    }

    fn ready(&self) -> Result<(), NotRun> {
        if wrangler().is_none() {
            return Err(NotRun(
                "wrangler is not installed; `cargo guru setup` gets it, or name one in WRANGLER_BIN".into(),
            ));
        }
        if !compiles("wasm32-unknown-unknown") {
            return Err(NotRun(
                "nothing here compiles for wasm32-unknown-unknown; `cargo guru setup` gets it"
                    .into(),
            ));
        }
        Ok(())
    }

    fn start(&self, function: Function) -> Result<Running, Refusal> {
        let wrangler = wrangler().ok_or_else(|| NotRun("wrangler is gone".into()))?;
        let mut command = Command::new(wrangler);
        command
            .current_dir(workspace())
            .args(["dev", "--local", "--ip", "127.0.0.1", "--port", "0"])
            .args([
                "--inspector-port",
                "0",
                "--show-interactive-dev-session=false",
            ])
            .arg("--var")
            .arg(format!("{}:{}", SETTING.0, SETTING.1))
            .arg("--config")
            .arg(manifest(function))
            // Nothing is kept, and nobody is asked or told.
            .env("CI", "1")
            .env("NO_COLOR", "1")
            .env("WRANGLER_SEND_METRICS", "false");
        forget_toolchain(&mut command);
        let process = Process::spawn(command, &format!("wrangler dev of {function}"))?;
        let url = process.wait_for(START, |line| {
            let (_, url) = line.split_once(READY)?;
            url.split_whitespace().next().map(str::to_owned)
        })?;
        Ok(Running::new(Endpoint::parse(&url)?, vec![process]))
    }
}

/// The manifest that a user runs: the example's is at the top.
fn manifest(function: Function) -> PathBuf {
    match function {
        Function::Meditations => workspace().join("wrangler.toml"),
        Function::Probe | Function::Faults => {
            workspace().join(format!("functions/{function}/wrangler.toml"))
        }
    }
}

/// The `wrangler` that `WRANGLER_BIN` names, else that of `guru setup`.
fn wrangler() -> Option<PathBuf> {
    if let Some(named) = env::var_os("WRANGLER_BIN").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = home()?.join("wrangler/node_modules/.bin/wrangler");
    path.exists().then_some(path)
}

/// Its version, from its package.
fn version() -> Option<String> {
    let package = home()?.join("wrangler/node_modules/wrangler/package.json");
    let package: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(package).ok()?).ok()?;
    Some(package.get("version")?.as_str()?.to_owned())
}
