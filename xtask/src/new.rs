//! A function of somebody's own, the whole way: made by `guru new`, served and served again by `guru dev`, tested by `guru test`,
//! built twice. Knows what its author would do, not what any command does inside.

mod dev;
mod lints;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use guru_toolbox::steps::show;

use crate::{child, console::say, context::TestContext, files, guru, leash::Leash, surroundings};

const SOURCE: &str = "src/lib.rs";

/// Goes the whole way.
pub(super) fn check(context: &TestContext<'_>) -> Result<()> {
    // In one place, so that it is not compiled anew each time; below the folder of builds, so that it is nobody's.
    let parent = context.workspace.target().join("new");
    let project = Project {
        guru: guru::program(context.workspace)?,
        folder: parent.join("hello"),
        target: context.workspace.target().to_owned(),
    };
    files::remove(&project.folder)?;
    fs::create_dir_all(&parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let source = context.workspace.root();
    show(
        project
            .guru(&["new"])
            .arg(&project.folder)
            .arg("--guru")
            .arg(source)
            .current_dir(&parent),
    )?;
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
        ("--require", &context.options.require),
    ] {
        if !targets.is_empty() {
            test.arg(option).arg(targets.join(","));
        }
    }
    show(&mut test)?;
    project.build_twice(&parent.join("again"))
}

struct Project {
    guru: PathBuf,
    folder: PathBuf,
    target: PathBuf,
}

impl Project {
    fn guru(&self, words: &[&str]) -> Command {
        let mut command = surroundings::command(&self.guru);
        command
            .args(words)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target);
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

    /// A release is the release, whatever else is built into the same folder at the same time.
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
