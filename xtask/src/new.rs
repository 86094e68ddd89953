//! A user's function from start to finish: created by `guru new`, served and rebuilt by `guru dev`, tested by `guru test`, and
//! built twice.

mod colleague;
mod dev;
mod lints;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use guru_toolbox::steps::show;

use crate::{
    cargo::QUICK, child, console::say, context::TestContext, files, leash::Leash, packed::Registry,
};

const SOURCE: &str = "src/lib.rs";

/// Runs the whole scenario, with the command, the function and its hosts taken from packaged crates, as for a user without a
/// clone.
pub(crate) fn check(context: &TestContext<'_>) -> Result<()> {
    // The folder is reused, so that nothing is recompiled on each run, and is below the target directory, so that it belongs to
    // no workspace.
    let parent = context.workspace.target().join("new");
    fs::create_dir_all(&parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let registry = Registry::make(context.console, context.workspace, &parent)?;
    let target = context.workspace.target().to_owned();
    let guru = install(&registry, &parent, &target)?;
    let project = Project {
        home: home(context, &parent)?,
        guru,
        registry,
        folder: parent.join("hello"),
        target,
    };
    files::remove(&project.folder)?;
    show(
        project
            .guru(&["new"])
            .arg(&project.folder)
            .current_dir(&parent),
    )?;
    let manifest = files::read(&project.folder.join("Cargo.toml"))?;
    ensure!(
        manifest.contains("guru = \"0.1\"\n"),
        "the manifest of a new function names something else than a version of guru:\n{manifest}"
    );
    let again = child::output(
        project
            .guru(&["new"])
            .arg(&project.folder)
            .current_dir(&parent),
    );
    ensure!(
        again.is_err(),
        "`guru new` took a folder that was there already"
    );

    dev::check(context, &project)?;
    lints::check(&project)?;
    let mut test = project.guru(&["test", "--no-setup"]);
    for (option, targets) in [
        ("--on", &context.options.on),
        ("--require", &context.require),
    ] {
        if !targets.is_empty() {
            test.arg(option).arg(targets.join(","));
        }
    }
    show(&mut test)?;
    project.build_twice(&parent.join("again"))?;
    colleague::check(&project, context.workspace.root())
}

/// Installs the command as users do.
fn install(registry: &Registry, parent: &Path, target: &Path) -> Result<PathBuf> {
    let root = parent.join("installed");
    let mut cargo = registry.command(Path::new("cargo"));
    cargo
        .args(["install", "guru-cli", "--locked", "--debug", "--force"])
        .arg("--root")
        .arg(&root)
        .env("CARGO_TARGET_DIR", target);
    show(&mut cargo)?;
    Ok(root
        .join("bin")
        .join("guru")
        .with_extension(env::consts::EXE_EXTENSION))
}

/// A `GURU_HOME` for this test alone: it shares this machine's tools, but the hosts are built for it.
fn home(context: &TestContext<'_>, parent: &Path) -> Result<PathBuf> {
    let home = parent.join("guru-home");
    files::remove(&home)?;
    for name in ["sam", "sam-cli", "toolchains", "wrangler"] {
        let tool = context.home.root().join(name);
        if tool.is_dir() {
            files::link(&tool, &home.join(name))?;
        }
    }
    Ok(home)
}

struct Project {
    guru: PathBuf,
    registry: Registry,
    home: PathBuf,
    folder: PathBuf,
    target: PathBuf,
}

impl Project {
    fn guru(&self, words: &[&str]) -> Command {
        let mut command = self.command(&self.guru);
        command.args(words);
        command
    }

    /// A command that runs in the project, as for a user without a clone.
    fn command(&self, program: &Path) -> Command {
        let mut command = self.registry.command(program);
        command
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("GURU_HOME", &self.home)
            .env(QUICK, "1")
            .env_remove("GURU_SOURCE");
        command
    }

    /// The same sources give the same bytes, whatever was built before.
    fn build_twice(&self, other: &Path) -> Result<()> {
        files::remove(other)?;
        let build = ["build", "--release", "--json", "--on", "cloudflare,spin"];
        let once = child::output(&mut self.guru(&build))?;
        let twice = child::output(self.guru(&build).env("CARGO_TARGET_DIR", other))?;
        files::remove(other)?;
        let (once, twice) = (hashes(&once)?, hashes(&twice)?);
        ensure!(
            !once.is_empty() && once == twice,
            "two builds differ: {once:?} and {twice:?}"
        );
        say(&format!(
            "built twice: {} files with the same sha256",
            once.len()
        ));
        self.build_beside(&build, &once)
    }

    /// A release is unaffected by other builds into the same folder at the same time.
    fn build_beside(&self, build: &[&str], release: &[(String, String)]) -> Result<()> {
        let mut other = self.guru(&["build", "--on", "cloudflare,spin"]);
        other.stdout(Stdio::null()).stderr(Stdio::null());
        let other = Leash::spawn(&mut other).context("cannot start `guru build`")?;
        let said = hashes(&child::output(&mut self.guru(build))?)?;
        ensure!(
            said == release,
            "a release that was built beside another build is {said:?} in place of {release:?}"
        );
        let status = other.wait().context("cannot wait for `guru build`")?;
        ensure!(status.success(), "the build beside it failed");
        say("two builds at once: neither has a file of the other's");
        Ok(())
    }
}

fn hashes(said: &str) -> Result<Vec<(String, String)>> {
    let said: Value =
        serde_json::from_str(said).context("what `guru build --json` says is no JSON")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let files = said.as_array().into_iter().flatten();
    Ok(files
        .map(|file| (text(&file["path"]), text(&file["sha256"])))
        .collect())
}
