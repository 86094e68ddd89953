//! Validates the OpenAPI document of a running function with third-party tools.

use std::{fs, io::IsTerminal as _, path::Path, process::Command};

use anyhow::{Context as _, Result};
use serde_json::Value;

use guru_toolbox::steps::show;

use crate::{console::Console, home::Home, interrupt, server::Server, setup::TOOLS, surroundings};

/// Fixed, so that failures are reproducible.
const SEED: &str = "2016";

/// Requests generated for each operation and phase.
const EXAMPLES: &str = "200";

/// Starts the function, validates its document, then tests the server against the document.
pub(super) fn check(home: &Home, console: Console, program: &Path) -> Result<()> {
    let server = Server::start(program)?;
    let url = format!("{}/openapi.json", server.url());
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let doomed = folder.path().to_owned();
    interrupt::undo(move || drop(fs::remove_dir_all(doomed)));

    let document = fetch(&url)?;
    let file = folder.path().join("openapi.json");
    fs::write(&file, &document).with_context(|| format!("cannot write {}", file.display()))?;
    console.note(&format!("{url}: {}", describe(&document)?));

    show(tool(home, "openapi-spec-validator", folder.path()).arg(&file))?;
    show(&mut schemathesis(home, folder.path(), &file, server.url()))
}

/// A Python tool that writes its files to the temporary folder.
fn tool(home: &Home, name: &str, folder: &Path) -> Command {
    let mut command = surroundings::command(TOOLS.program(home, name));
    command
        .current_dir(folder)
        .env("HYPOTHESIS_STORAGE_DIRECTORY", folder.join("hypothesis"));
    command
}

/// The document is passed as a file: when schemathesis reads it from the server, it skips the operation that serves it.
fn schemathesis(home: &Home, folder: &Path, document: &Path, url: &str) -> Command {
    let mut command = tool(home, "schemathesis", folder);
    command
        .arg("run")
        .arg(document)
        .args(["--url", url])
        .args(["--checks", "all"])
        .args(["--phases", "examples,coverage,fuzzing,stateful"])
        .args(["--max-examples", EXAMPLES])
        .args(["--seed", SEED])
        .args(["--generation-database", "none"])
        .args(["--request-timeout", "10"]);
    if !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some() {
        command.arg("--no-color");
    }
    command
}

fn fetch(url: &str) -> Result<String> {
    ureq::get(url)
        .call()
        .and_then(|mut answer| answer.body_mut().read_to_string())
        .with_context(|| format!("cannot fetch {url}"))
}

/// `OpenAPI 3.1.0, 2 paths`. A document that is not JSON is an error that shows its beginning.
fn describe(document: &str) -> Result<String> {
    let value: Value = serde_json::from_str(document).with_context(|| {
        let beginning: String = document.chars().take(200).collect();
        format!("the document is no JSON: {beginning:?}")
    })?;
    let version = value.get("openapi").and_then(Value::as_str);
    let paths = value.get("paths").and_then(Value::as_object);
    Ok(format!(
        "OpenAPI {}, {} path(s)",
        version.unwrap_or("of no version"),
        paths.map_or(0, serde_json::Map::len)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_described() {
        let document = r#"{"openapi":"3.1.0","paths":{"/":{}}}"#;
        assert_eq!(describe(document).unwrap(), "OpenAPI 3.1.0, 1 path(s)");
        assert_eq!(describe("{}").unwrap(), "OpenAPI of no version, 0 path(s)");
        assert!(
            describe("<html>")
                .unwrap_err()
                .to_string()
                .contains("<html>")
        );
    }
}
