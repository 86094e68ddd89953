//! RealWorld's own collection of requests, against its backend on every target that runs here.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use guru_cli::serving::{address, with_hosts};
use guru_toolbox::{postgres, served::Served};
use serde_json::Value;

use crate::{child, console::say, context::TestContext, files, guru, targets::Target};

/// The function.
const FUNCTION: &str = "realworld";

/// Its collection, in the folder of the function.
const COLLECTION: &str = "functions/realworld/tests/Conduit.postman_collection.json";

/// What tokens are signed with.
const SECRET: &str = "JWT_SECRET=none-of-a-deployment-is-this-one";

/// The target without SQLite.
const ON_POSTGRES: &str = "lambda";

/// How a target keeps the tables that are of SQLite on others.
const POSTGRES: [&str; 3] = ["--no-default-features", "--features", "postgres"];

/// Starts each target and plays the collection.
pub(crate) fn check(context: &TestContext<'_>, newman: &Path) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let guru = guru::program(context.workspace)?;
    let all = Target::all().iter().map(|target| (target, &[][..]));
    let natively = Target::all()
        .iter()
        .filter(|target| target.name() == "local");
    let again = natively.map(|target| (target, &POSTGRES[..]));
    let mut before = None;
    for (index, (target, features)) in all.chain(again).enumerate() {
        let is_postgres = !features.is_empty() || target.name() == ON_POSTGRES;
        let with = if is_postgres { " with PostgreSQL" } else { "" };
        let name = format!("{}{with}", target.name());
        let there = target.check(context.home).and_then(|()| match is_postgres {
            true => postgres::runs(context.home).map(drop),
            false => Ok(()),
        });
        if let Err(missing) = there {
            say(&format!("  {name}: not run: {missing:#}"));
            continue;
        }
        let mut command = Command::new(&guru);
        command
            .current_dir(context.workspace.root())
            .args([
                "dev",
                FUNCTION,
                "--no-watch",
                "--port",
                "0",
                "--on",
                target.name(),
            ])
            .args(["--env", SECRET])
            .args(features)
            .env("GURU_DATA", folder.path().join(index.to_string()));
        // Those of the tests: nothing is built twice.
        with_hosts(&mut command)?;
        let served = Served::start(&mut command, address).with_context(|| name.clone())?;
        let report = folder.path().join(format!("{index}.json"));
        let played = play(context, newman, served.url(), &report);
        let held = played.with_context(|| format!("{name}: {}", served.last()))?;
        let expected = *before.get_or_insert(held);
        ensure!(
            held == expected,
            "{name}: {held} assertions, and {expected} elsewhere"
        );
        say(&format!("  {name}: {held} assertions hold"));
    }
    ensure!(before.is_some(), "no target runs here");
    Ok(())
}

/// Plays the collection against what serves at this URL; returns how many assertions held.
fn play(context: &TestContext<'_>, newman: &Path, url: &str, report: &Path) -> Result<u64> {
    let mut command = Command::new(newman);
    command
        .args([
            "run",
            COLLECTION,
            "--color",
            "off",
            "--reporters",
            "cli,json",
        ])
        .args(["--reporter-json-export".as_ref(), report.as_os_str()])
        .current_dir(context.workspace.root());
    for variable in [
        &format!("APIURL={url}/api"),
        "USERNAME=jake",
        "EMAIL=jake@mail.example",
        "PASSWORD=jakejake",
    ] {
        command.args(["--env-var", variable]);
    }
    child::output(&mut command)?;
    let report: Value = serde_json::from_str(&files::read(report)?).context("newman's report")?;
    let count = |what: &str| {
        report
            .pointer(&format!("/run/stats/{what}"))
            .and_then(Value::as_u64)
    };
    let held = count("assertions/total").unwrap_or_default();
    // A request that could not be sent is no failure of an assertion.
    let failed = [count("assertions/failed"), count("requests/failed")];
    let run = report.pointer("/run/failures");
    ensure!(held > 0 && failed == [Some(0), Some(0)], "newman: {run:?}");
    Ok(held)
}
