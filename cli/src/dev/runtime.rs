//! How each runtime is started, and what it is told: the build, the settings. Knows each runtime's words, not when one is started
//! or ended.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::{
    Session, manifest,
    settings::{self, Settings},
    trial, worker,
};
use crate::{
    args::Target,
    build, cargo,
    setup::{emulator, wrangler},
    surroundings, tool, wait,
};

/// What the bootstrap of a Lambda function passes on of its environment, beside names that begin with `GURU_`: these names.
const SETTINGS: &str = "GURU_SETTINGS";

/// Where wrangler reads a worker's secrets from, beside its manifest.
pub(super) const SECRETS: &str = ".dev.vars";

/// A build, and what serves it.
pub(super) struct Built {
    pub(super) command: Command,
    /// The same for the same build with the same settings, or for one that the runtime itself replaces.
    pub(super) hash: String,
}

impl Session<'_> {
    /// What the function is told.
    pub(super) fn settings(&self) -> Result<Settings> {
        let scene = &self.scene;
        let file = scene.workspace.manifest(scene.function, settings::FILE);
        Settings::read(file.as_deref(), &self.options.env)
    }

    /// Finds the vendor's program, which no change of a source brings.
    pub(super) fn check(&self) -> Result<()> {
        match self.options.on {
            Target::Spin => drop(self.spin_program()?),
            Target::Lambda => drop(self.emulator()?),
            Target::Cloudflare => drop(self.wrangler()?),
            Target::Local | Target::Wasi => {}
        }
        Ok(())
    }

    /// Builds what the runtime runs. What is built in place of another is tried first.
    pub(super) fn make(&self, is_tried: bool) -> Result<Built> {
        let settings = self.settings()?;
        let scene = &self.scene;
        let folder = build::development(scene.workspace, self.options.on, scene.function);
        let (mut command, parts) = match self.options.on {
            Target::Local => self.local(&folder, is_tried, &settings)?,
            Target::Cloudflare => self.cloudflare(&folder, &settings)?,
            Target::Spin => self.spin(&folder, &settings)?,
            Target::Wasi => self.wasi(&folder, &settings)?,
            Target::Lambda => self.lambda(&folder, &settings)?,
        };
        if self.options.on != Target::Spin {
            command.arg("--port").arg(self.options.port.to_string());
        }
        let mut all = Sha256::new();
        for part in parts.iter().chain([&settings.text()]) {
            all.update(part.len().to_le_bytes());
            all.update(part);
        }
        Ok(Built {
            command,
            hash: hex::encode(all.finalize()),
        })
    }

    fn local(
        &self,
        folder: &Path,
        is_tried: bool,
        settings: &Settings,
    ) -> Result<(Command, Vec<String>)> {
        let files = self.scene.build(Target::Local, folder)?;
        let program = files.into_iter().next().context("a build made no file")?;
        let start = || {
            let mut command = surroundings::command(&program);
            command
                .current_dir(self.scene.workspace.root())
                .envs(settings.iter());
            command
        };
        if is_tried {
            let mut command = start();
            command.args(["--port", "0"]);
            trial::starts(command, "listening on ")?;
        }
        Ok((start(), vec![build::sha256(&program)?]))
    }

    /// On the command line, which wrangler lists as hidden: there they count more than [`SECRETS`], and are taken as they are.
    fn cloudflare(&self, folder: &Path, settings: &Settings) -> Result<(Command, Vec<String>)> {
        let entry = worker::build(&self.scene, folder)?;
        let own = self.own_manifest("wrangler.toml")?;
        let text = read(&own)?;
        let text = manifest::cloudflare(&text, &entry)
            .with_context(|| format!("{} cannot be served", own.display()))?;
        let manifest = self.manifest(&own);
        manifest.write(&text)?;
        let mut command = Command::new(self.wrangler()?);
        command
            .current_dir(self.scene.workspace.root())
            .args(["dev", "--local", "--ip", "127.0.0.1", "--config"])
            .arg(manifest.path())
            // It would read the file otherwise than it is read for every other target.
            .env("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false");
        for (key, value) in settings.iter() {
            command.arg("--var").arg(format!("{key}:{value}"));
        }
        let secrets = fs::read_to_string(own.with_file_name(SECRETS)).unwrap_or_default();
        // Of the build it knows by itself.
        Ok((command, vec![text, secrets]))
    }

    /// In the manifest, which nobody else may read, and not on the command line, which anybody may.
    fn spin(&self, folder: &Path, settings: &Settings) -> Result<(Command, Vec<String>)> {
        let files = self.scene.build(Target::Spin, folder)?;
        let component = files.into_iter().next().context("a build made no file")?;
        let own = self.own_manifest("spin.toml")?;
        let text = manifest::spin(&read(&own)?, &component, settings)
            .with_context(|| format!("{} cannot be served", own.display()))?;
        let manifest = self.manifest(&own);
        manifest.write(&text)?;
        let mut command = Command::new(self.spin_program()?);
        command
            .args(["up", "--listen"])
            .arg(format!("127.0.0.1:{}", self.options.port))
            .arg("--from")
            .arg(manifest.path());
        Ok((command, vec![build::sha256(&component)?, text]))
    }

    /// By name on the command line, with their values in the environment.
    fn wasi(&self, folder: &Path, settings: &Settings) -> Result<(Command, Vec<String>)> {
        let compiled = self.scene.compile(folder)?;
        let mut command = Command::new(self.program(cargo::HOST)?);
        command.arg("serve").arg(&compiled).envs(settings.iter());
        for (key, _) in settings.iter() {
            command.arg("--env").arg(key);
        }
        Ok((command, vec![build::sha256(&compiled)?]))
    }

    fn lambda(&self, folder: &Path, settings: &Settings) -> Result<(Command, Vec<String>)> {
        let compiled = self.scene.compile(folder)?;
        let bootstrap = self.program(cargo::BOOTSTRAP)?;
        let mut command = Command::new(self.program(cargo::GATEWAY)?);
        command
            .args(["--front", &self.options.front, "--emulator"])
            .arg(self.emulator()?)
            .arg("--bootstrap")
            .arg(bootstrap)
            .envs(settings.iter())
            .env(SETTINGS, names(settings, env::var(SETTINGS).ok()))
            .env("GURU_COMPONENT", &compiled);
        Ok((command, vec![build::sha256(&compiled)?]))
    }

    fn program(&self, program: cargo::Program) -> Result<PathBuf> {
        wait::build(self.scene.console, self.scene.workspace, program, false)
    }

    fn wrangler(&self) -> Result<PathBuf> {
        let found = tool::find("WRANGLER_BIN", || {
            wrangler::program(self.scene.home, "wrangler")
        });
        found
            .context("wrangler is not installed: `guru setup` gets it, or name one in WRANGLER_BIN")
    }

    fn spin_program(&self) -> Result<PathBuf> {
        let found = tool::find("SPIN_BIN", || which::which("spin").ok());
        found.context(
            "spin is not on PATH: install it as https://spinframework.dev says, or name one in SPIN_BIN",
        )
    }

    fn emulator(&self) -> Result<PathBuf> {
        let found = tool::find("LAMBDA_RIE_BIN", || emulator::program(self.scene.home));
        found.context(
            "AWS's emulator of Lambda is not installed: `guru setup` gets it, or name one in LAMBDA_RIE_BIN",
        )
    }

    fn own_manifest(&self, name: &str) -> Result<PathBuf> {
        let found = self.scene.workspace.manifest(self.scene.function, name);
        found.with_context(|| {
            format!(
                "{} has no {name}: put one into its folder",
                self.scene.function
            )
        })
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The names that the bootstrap is told of: those that were named already, and each of these.
fn names(settings: &Settings, named: Option<String>) -> String {
    let own = settings.iter().find(|(key, _)| *key == SETTINGS);
    let named = own.map(|(_, value)| value.to_owned()).or(named);
    let named = named.iter().flat_map(|named| named.split(','));
    let mut all: Vec<_> = named
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let keys = settings.iter().map(|(key, _)| key);
    for key in keys.filter(|key| *key != SETTINGS) {
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bootstrap_is_told_each_name_once() {
        let of = |said: &[&str], named: Option<&str>| {
            let said: Vec<_> = said.iter().map(|said| (*said).to_owned()).collect();
            names(&Settings::read(None, &said).unwrap(), named.map(Into::into))
        };
        assert_eq!(of(&[], None), "");
        assert_eq!(of(&["A=1", "B=2,C"], None), "A,B");
        assert_eq!(of(&["A=1"], Some("A, X,")), "A,X");
        assert_eq!(of(&["A=1", "GURU_SETTINGS=Y"], Some("X")), "Y,A");
    }
}
