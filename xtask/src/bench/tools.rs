//! The programs that the measurements need, each found, or installed where possible.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use guru_cli::targets::lambda;

use super::{BenchContext, contestant::Refusal};
use crate::{apt, cargo, child, files, home::Home, stamp, surroundings, tool};

/// A program from crates.io, in a version that this machine's Rust can build.
pub(super) struct Crate {
    pub(super) name: &'static str,
    pub(super) program: &'static str,
    pub(super) flags: &'static [&'static str],
}

const OHA: Crate = Crate {
    name: "oha",
    program: "oha",
    flags: &["--no-default-features", "--features", "rustls"],
};
const OHA_VERSION: &str = "1.16.0";

/// Cloudflare's runtime: the program itself, not the script that npm wraps around it.
pub(super) fn workerd(home: &Home) -> Result<PathBuf, Refusal> {
    guru_toolbox::workerd::program(home).ok_or_else(|| {
        missing("workerd is not installed: `guru setup` gets it with wrangler, or name one in WORKERD_BIN")
    })
}

/// wasmtime's command line.
pub(super) fn wasmtime() -> Result<PathBuf, Refusal> {
    tool::find("WASMTIME_BIN", || which::which("wasmtime").ok()).ok_or_else(|| {
        missing(
            "wasmtime is not on PATH: `cargo install wasmtime-cli`, or name one in WASMTIME_BIN",
        )
    })
}

/// Spin.
pub(super) fn spin() -> Result<PathBuf, Refusal> {
    tool::find("SPIN_BIN", || which::which("spin").ok()).ok_or_else(|| {
        missing("spin is not on PATH: install it as its site says, or name one in SPIN_BIN")
    })
}

/// AWS's Lambda emulator.
pub(super) fn emulator(home: &Home) -> Result<PathBuf, Refusal> {
    tool::find("LAMBDA_RIE_BIN", || lambda::emulator::program(home)).ok_or_else(|| {
        missing(
            "AWS's emulator is not installed: `guru setup` gets it, or name one in LAMBDA_RIE_BIN",
        )
    })
}

/// The load generator for throughput, installed from Debian if it is missing.
pub(super) fn wrk(context: &BenchContext<'_>) -> Result<PathBuf, Refusal> {
    if which::which("wrk").is_err() && apt::is_here() {
        apt::install(context.home, context.console, &["wrk"])
            .map_err(|error| missing(&format!("wrk is not installed: {error}")))?;
    }
    which::which("wrk").map_err(|_| missing("wrk is not on PATH: install the package `wrk`"))
}

/// The load generator for a fixed rate.
pub(super) fn oha(context: &BenchContext<'_>) -> Result<PathBuf, Refusal> {
    Ok(OHA.get(context, OHA_VERSION)?)
}

fn missing(how: &str) -> Refusal {
    Refusal::NotRun(how.to_owned())
}

impl Crate {
    /// The path of the program, built unless it is there in this version.
    pub(super) fn get(&self, context: &BenchContext<'_>, version: &str) -> Result<PathBuf> {
        let root = context.home.root().join(self.name);
        let program = root.join("bin").join(self.program);
        let listed = fs::read_to_string(root.join(".crates.toml")).unwrap_or_default();
        if program.is_file() && listed.contains(&format!("\"{} {version} ", self.name)) {
            return Ok(program);
        }
        let step = context
            .console
            .step(&format!("installing {} {version}", self.name));
        let log = context.home.log(&format!("install-{}", self.name));
        let install = |locked: &[&str]| {
            let mut cargo = cargo::native(context.home.root());
            cargo
                .args(["install", self.name, "--version", version])
                .args(locked)
                .args(self.flags)
                .arg("--root")
                .arg(&root);
            child::run(&mut cargo, &log, None, &|line| step.line(line))
        };
        // A stale index may not have the versions in the lock file.
        install(&["--locked"]).or_else(|_| install(&[]))?;
        step.done();
        Ok(program)
    }
}

/// The Python of an environment with the packages of a requirements file, created if it is missing.
pub(super) fn python(
    context: &BenchContext<'_>,
    name: &str,
    requirements: &Path,
) -> Result<PathBuf> {
    let list = fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = context.home.root().join("bench").join(name);
    let python = folder.join("bin").join("python");
    if stamp::is_current(&folder, &list) && python.exists() {
        return Ok(python);
    }
    files::remove(&folder)?;
    let step = context
        .console
        .step(&format!("making a Python environment for {name}"));
    let mut make = surroundings::command("python3");
    make.args(["-m", "venv"]).arg(&folder);
    let mut fill = Command::new(&python);
    fill.args(["-m", "pip", "install", "--no-input"])
        .args(["--disable-pip-version-check", "-r"])
        .arg(requirements);
    for (command, what) in [(&mut make, "venv"), (&mut fill, "pip")] {
        let log = context.home.log(&format!("bench-{name}-{what}"));
        child::run(command, &log, None, &|line| step.line(line))?;
    }
    step.done();
    stamp::write(&folder, &list)?;
    Ok(python)
}
