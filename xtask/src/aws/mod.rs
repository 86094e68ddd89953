//! Tests a deployment against an emulated AWS on this machine: deployed by `guru deploy`, inspected with AWS's own command line,
//! called with curl, changed, and deleted.

mod account;
mod calls;
mod items;
mod ministack;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use guru_cli::targets::lambda::sam;
use guru_toolbox::steps::show;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    args::target, artefacts, child, console::say, context::TestContext, files, interrupt,
    setup::AWS,
};

use account::Account;
pub(crate) use ministack::Ministack;

/// The address of the alarms, which nobody reads.
const EMAIL: &str = "you@example.com";

/// Why nothing can be deployed here, and what to do about it.
pub(super) fn missing(context: &TestContext<'_>) -> Option<&'static str> {
    if cfg!(not(target_os = "linux")) {
        return Some("a bootstrap for Lambda runs on Linux only");
    }
    if !AWS.is_here(context.home) || sam(context.home).is_none() {
        return Some("ministack or the SAM command line is missing: `guru setup` gets them");
    }
    which::which("curl")
        .is_err()
        .then_some("there is no curl on PATH")
}

/// Deploys `function` in three ways, checks everything that was created, and deletes it again.
pub(super) fn check(context: &TestContext<'_>, function: &str) -> Result<()> {
    let template = context.workspace.manifest(function, "template.yaml");
    let template = template.with_context(|| format!("{function} has no template.yaml"))?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let doomed = folder.path().to_owned();
    interrupt::undo(move || drop(fs::remove_dir_all(doomed)));
    let text = fs::read_to_string(&template)
        .with_context(|| format!("cannot read {}", template.display()))?;
    let filled = folder.path().join("settings.yaml");
    files::write(&filled, &with_settings(&text))?;
    for template in [&template, &filled] {
        show(Command::new(AWS.program(context.home, "cfn-lint")).arg(template))?;
    }

    let aws = Ministack::start(context.home, folder.path())?;
    let mut account = Account::new(context.home, &aws, function);
    if account.stack("") != format!("{function}-") {
        say(&format!(
            "By a fault of ministack, which takes part of the name {function} for part of a call (`/url`), the stacks are called {}STAGE here. AWS has no such fault.",
            account.stack("")
        ));
    }
    let checked = round_trip(context, function, &template, folder.path(), &mut account);
    let report = context
        .workspace
        .target()
        .join("conformance")
        .join("aws.md");
    files::write(&report, &account.report(&aws))?;
    for line in account.table() {
        say(&line);
    }
    say(&format!("  report: {}", report.display()));
    if checked.is_err() {
        eprintln!("what the account on this machine said last:\n{}", aws.log());
    }
    checked
}

/// The template as an author fills it in, with its commented-out settings enabled.
fn with_settings(text: &str) -> String {
    const PLACE: &str = "          GURU_SETTINGS: \"\"\n";
    let is_setting = |line: &str| {
        let name = line
            .trim_start()
            .strip_prefix("# ")
            .and_then(|line| line.split_once(": "));
        name.is_some_and(|(name, _)| {
            name.chars()
                .all(|char| char.is_ascii_uppercase() || char == '_')
        })
    };
    let Some((before, after)) = text.split_once(PLACE) else {
        return text.to_owned();
    };
    let (settings, rest) = after.split_once("      Tracing:").unwrap_or((after, ""));
    let settings = settings.lines().map(|line| {
        let line = if is_setting(line) {
            line.replacen("# ", "", 1)
        } else {
            line.to_owned()
        };
        format!("{line}\n")
    });
    format!(
        "{before}{}      Tracing:{rest}",
        settings.collect::<String>()
    )
}

fn round_trip(
    context: &TestContext<'_>,
    function: &str,
    template: &Path,
    folder: &Path,
    account: &mut Account<'_>,
) -> Result<()> {
    account.deploy("prod", &["--email", EMAIL])?;
    items::of_every_stage(account, "prod")?;
    items::monitoring(account, "prod", EMAIL)?;
    calls::call(account, context, "prod")?;
    one_file(context, function, folder, account)?;

    let events = account.events("prod")?;
    account.deploy("prod", &["--email", EMAIL])?;
    let again = account.events("prod")?;
    ensure!(
        again == events,
        "a second deployment changed something: {again:?}"
    );
    account.found("a second deployment", "no change");

    change(context, function, template, folder, account)?;

    account.deploy(
        "staging",
        &[
            "--no-monitoring",
            "--http-api",
            "--function-url",
            "public",
            "--tracing",
            "--log-days",
            "7",
        ],
    )?;
    items::of_every_stage(account, "staging")?;
    items::no_monitoring(account, "staging")?;
    calls::other_ways_in(account, context, "staging")?;

    account.deploy("dev", &["--no-monitoring"])?;
    calls::call(account, context, "dev")?;
    account.deploy("dev", &["--no-monitoring", "--api-key"])?;
    items::of_every_stage(account, "dev")?;
    calls::key(account, context, "dev")?;

    for stage in ["prod", "staging", "dev"] {
        account.delete(stage)?;
    }
    items::nothing_is_left(account)
}

/// What was deployed is the component that Spin runs, compiled ahead of time: compiling it again gives the same bytes.
fn one_file(
    context: &TestContext<'_>,
    function: &str,
    folder: &Path,
    account: &mut Account<'_>,
) -> Result<()> {
    let build = context.build();
    let made = target("spin").build_into(&build, &folder.join("spin"))?;
    let component = made.first().context("a build made no file")?;
    let again = folder.join("again.cwasm");
    artefacts::host::compile(&build, component, &again)?;
    let deployed = artefacts::dist(context.workspace, "lambda", function).join("function.cwasm");
    let (again, deployed) = (artefacts::sha256(&again)?, artefacts::sha256(&deployed)?);
    ensure!(
        again == deployed,
        "Lambda does not run the component that Spin runs, compiled: {deployed}, and not {again}"
    );
    account.found("one file for Spin and Lambda", deployed);
    Ok(())
}

/// Adds a file to a zip archive.
fn add_to_zip(path: &Path, name: &str, content: &[u8]) -> Result<()> {
    let file = fs::File::options().read(true).write(true).open(path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    let mut zip = ZipWriter::new_append(file).context("cannot add to the zip file")?;
    zip.start_file(name, SimpleFileOptions::default())
        .context("cannot begin a file in the zip file")?;
    zip.write_all(content)
        .context("cannot add to the zip file")?;
    zip.finish().context("cannot finish the zip file")?;
    Ok(())
}

/// Deploys a changed function with a copy of the manifest, and checks that nothing else was updated.
fn change(
    context: &TestContext<'_>,
    function: &str,
    template: &Path,
    folder: &Path,
    account: &mut Account<'_>,
) -> Result<()> {
    let dist = artefacts::dist(context.workspace, "lambda", function);
    let place = template.parent().context("a template is in a folder")?;
    // A template refers to the build by a relative path, so both have the same layout in the copy as in the workspace.
    let copied = |path: &Path| -> Result<PathBuf> {
        let below = path.strip_prefix(context.workspace.root());
        let below = below.with_context(|| format!("{} is outside", path.display()))?;
        Ok(folder.join("changed").join(below))
    };
    let (dist_copy, copy) = (copied(&dist)?, copied(place)?);
    for file in ["function.zip", "openapi.json"] {
        files::copy(&dist.join(file), &dist_copy.join(file))?;
    }
    files::copy(template, &copy.join("template.yaml"))?;
    add_to_zip(
        &dist_copy.join("function.zip"),
        "changed",
        b"another function",
    )?;

    let (before, code) = (
        items::snapshot(account, "prod")?,
        items::code(account, "prod")?,
    );
    let stack = account.stack("prod");
    let mut sam = account.sam(&["deploy", "--stack-name", &stack]);
    sam.current_dir(&copy)
        .args([
            "--resolve-s3",
            "--capabilities",
            "CAPABILITY_IAM",
            "--no-confirm-changeset",
            "--no-progressbar",
        ])
        .args(["--parameter-overrides", "Stage=prod"])
        .arg(format!("Email={EMAIL}"));
    account.note(&child::spell(&sam));
    child::output(&mut sam)?;
    ensure!(
        items::code(account, "prod")? != code,
        "the function was not updated"
    );
    // The stack's events are of no use here: this account updates every resource that refers to the function.
    let after = items::snapshot(account, "prod")?;
    ensure!(
        after == before,
        "a changed function changed more:\n{before:#}\n{after:#}"
    );
    account.found(
        "a changed function",
        "has other code; every other resource, deployment, permission and alarm is as it was",
    );
    calls::call(account, context, "prod")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_a_place_in_the_template() {
        let text = with_settings(include_str!("../../../template.yaml"));
        for line in [
            "          GURU_SETTINGS: GREETING,LIMIT",
            "          GURU_SECRETS: API_TOKEN",
            "          GREETING: hello",
            "          LIMIT: \"{{resolve:ssm:/meditations/limit}}\"",
            "          API_TOKEN: \"{{resolve:secretsmanager:meditations/api-token}}\"",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert_eq!(text.matches("GURU_SETTINGS:").count(), 1);
        assert_eq!(with_settings("no place"), "no place");
    }
}
