//! The same project elsewhere: cloned by a colleague, and with a Guru that does not come from the registry.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Project;
use crate::{child, console::say, files};

/// Runs the scenarios.
pub(super) fn check(project: &Project, source: &Path) -> Result<()> {
    if which::which("git").is_err() {
        say("there is no git here: nobody clones the project");
        return Ok(());
    }
    let clone = project.folder.with_file_name("colleague");
    files::remove(&clone)?;
    for words in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.example",
            "commit",
            "--quiet",
            "--message",
            "hello",
        ],
    ] {
        git(&project.folder, words)?;
    }
    let shown = clone.display().to_string();
    git(&project.folder, &["clone", "--quiet", ".", &shown])?;
    let found = doctor(project, &clone)?;
    ensure!(
        found.contains(project.registry.version()),
        "`guru doctor` says of the project that it {found}"
    );
    build(project, &clone)?;
    say("cloned by a colleague: the doctor finds the guru of the registry, and it builds");

    for (what, guru) in [
        (
            "a folder",
            format!("{{ path = {} }}", quoted(&source.join("guru"))),
        ),
        (
            "a repository",
            format!(
                "{{ git = {} }}",
                quoted(&PathBuf::from(format!("file://{}", source.display())))
            ),
        ),
    ] {
        name(&clone, &guru)?;
        let found = doctor(project, &clone)?;
        ensure!(
            found.contains("is made with the guru "),
            "`guru doctor` says of a project with the guru of {what} that it {found}"
        );
        build(project, &clone)?;
        say(&format!(
            "with the guru of {what}: the doctor finds it, and it builds"
        ));
    }

    name(&clone, "{ path = \"/nowhere/guru\" }")?;
    let mut command = project.guru(&["doctor", "--json"]);
    let said = command
        .current_dir(&clone)
        .output()
        .context("cannot start `guru doctor`")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    ensure!(
        said.contains("\"ok\":false") && said.contains("/nowhere"),
        "`guru doctor` is well where cargo finds no guru: {said}"
    );
    say("with a guru that is not there: the doctor says so");
    Ok(())
}

/// The output of `guru doctor` for the project.
fn doctor(project: &Project, folder: &Path) -> Result<String> {
    let mut command = project.guru(&["doctor", "--json"]);
    let said = child::output(command.current_dir(folder))?;
    let said: Value = serde_json::from_str(&said).context("`guru doctor --json` says no JSON")?;
    let found = said.pointer("/project/found").and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the doctor finds no guru: {said}"))
}

fn build(project: &Project, folder: &Path) -> Result<()> {
    let mut command = project.guru(&["build", "--on", "cloudflare,spin"]);
    child::output(command.current_dir(folder)).map(drop)
}

/// Makes the project's manifest depend on another `guru`.
fn name(folder: &Path, guru: &str) -> Result<()> {
    let path = folder.join("Cargo.toml");
    let text = files::read(&path)?;
    let lines = text.lines().map(|line| {
        if line.starts_with("guru = ") {
            format!("guru = {guru}\n")
        } else {
            format!("{line}\n")
        }
    });
    let text: String = lines.collect();
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn quoted(path: &Path) -> String {
    toml_edit::Value::from(&*path.to_string_lossy()).to_string()
}

fn git(folder: &Path, words: &[&str]) -> Result<()> {
    child::output(Command::new("git").current_dir(folder).args(words)).map(drop)
}
