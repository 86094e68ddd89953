//! Cargo subcommands from crates.io, in pinned versions.

use std::path::PathBuf;

use anyhow::Result;
use guru_toolbox::items::{Item, State};

use crate::{child, console::Console, home::Home, surroundings};

/// A tool from crates.io.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    why: &'static str,
}

/// Checks that each feature compiles alone.
pub(crate) static HACK: Tool = Tool {
    name: "cargo-hack",
    version: "0.6.46",
    why: "checks that each feature of the crates compiles alone",
};

/// Checks dependencies. It takes five minutes to build, so it is only used where it is installed already.
pub(crate) static DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    why: "checks the licences and sources of dependencies",
};

/// The path of the tool: Guru's own installation, else the one on PATH.
pub(crate) fn program(home: &Home, tool: &Tool) -> Option<PathBuf> {
    let own = tool.root(home).join("bin").join(tool.name);
    let own = own.with_extension(std::env::consts::EXE_EXTENSION);
    own.is_file()
        .then_some(own)
        .or_else(|| which::which(tool.name).ok())
}

impl Tool {
    fn root(&self, home: &Home) -> PathBuf {
        let name = format!("{}-{}", self.name, self.version);
        home.root().join("cargo-tools").join(name)
    }
}

impl Item for Tool {
    fn name(&self) -> &'static str {
        self.name
    }

    fn why(&self) -> &'static str {
        self.why
    }

    fn required(&self) -> bool {
        false
    }

    fn check(&self, home: &Home) -> Result<State> {
        Ok(match program(home, self) {
            Some(path) => State::Found {
                detail: path.display().to_string(),
            },
            None => State::Missing {
                how: format!(
                    "`cargo guru setup` installs {} {} with cargo",
                    self.name, self.version
                ),
            },
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        let step = console.step(&format!("installing {} {}", self.name, self.version));
        let mut cargo = surroundings::command("cargo");
        cargo
            .args(["install", "--locked", "--no-track"])
            .arg(format!("{}@{}", self.name, self.version))
            .arg("--root")
            .arg(self.root(home))
            .env("CARGO_TARGET_DIR", home.fresh_work(self.name)?);
        child::run(&mut cargo, &home.log(self.name), None, &|line| {
            step.line(line);
        })?;
        step.done();
        crate::files::remove(&home.root().join("work").join(self.name))
    }
}
