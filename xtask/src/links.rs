//! The same lines of curl, and the same answers, from the link shortener on every target that runs here.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
};

use anyhow::{Context as _, Result, ensure};
use guru_cli::serving::{address, with_hosts};
use guru_toolbox::served::Served;

use crate::{child, console::say, context::TestContext, guru, setup::AWS, targets::Target};

/// The function.
const FUNCTION: &str = "links";

/// The lines, each with its answer.
const LINES: &str = include_str!("../../functions/links/curl.txt");

/// Where the function says that it is, whatever its port: in pictures.
const PLACE: &str = "LINKS_URL=https://links.example";

/// The page whose title the function reads.
const PAGE: &str = "<!doctype html><title>All &amp; everything</title>";

/// Starts each target and runs the lines.
pub(crate) fn check(context: &TestContext<'_>) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let guru = guru::program(context.workspace)?;
    let origin = origin()?;
    let ministack = AWS.program(context.home, "ministack");
    for target in Target::all() {
        let name = target.name();
        if let Err(missing) = target.check(context.home) {
            say(&format!("  {name}: not run: {missing:#}"));
            continue;
        }
        if name == "lambda" && !AWS.is_here(context.home) {
            say("  lambda: not run: there is no ministack; `cargo guru setup` gets it");
            continue;
        }
        let mut command = Command::new(&guru);
        command
            .current_dir(context.workspace.root())
            .args(["dev", FUNCTION, "--no-watch", "--port", "0", "--on", name])
            .args(["--env", PLACE])
            .env("MINISTACK_BIN", &ministack)
            .env("GURU_DATA", folder.path().join(name));
        // Those of the tests: nothing is built twice.
        with_hosts(&mut command)?;
        let served = Served::start(&mut command, address).with_context(|| name.to_owned())?;
        for (line, want) in lines(served.url(), &origin) {
            // As a user would, with whatever the line has in it for a shell.
            let mut shell = Command::new("sh");
            let answer = child::output(shell.args(["-c", &line]));
            let answer = answer.with_context(|| format!("{name}: {}", served.last()))?;
            ensure!(
                answer.trim_end() == want,
                "{name}:\n$ {line}\n{answer}\nin place of\n{want}\n{}",
                served.last()
            );
        }
        say(&format!("  {name}: the same answers"));
    }
    Ok(())
}

/// The lines and what they are answered with.
fn lines(url: &str, origin: &str) -> Vec<(String, String)> {
    let text = LINES.replace("{url}", url).replace("{origin}", origin);
    let mut lines = text.lines();
    let mut all = Vec::new();
    while let (Some(line), Some(answer)) = (lines.next(), lines.next()) {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        all.push((line.to_owned(), answer.to_owned()));
    }
    all
}

/// Serves the page, for as long as this process lives; returns where.
fn origin() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("there is no free port")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // One that breaks off is the function's problem.
            thread::spawn(move || drop(answer(stream)));
        }
    });
    Ok(format!("http://127.0.0.1:{port}"))
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = BufReader::new(stream.try_clone()?).lines();
    while head
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let size = PAGE.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n{PAGE}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use guru_toolbox::template::LINKS;

    /// The template's manifest is put together of parts that are copies.
    #[test]
    fn the_template_has_the_manifest_of_the_function() {
        let parsed = |text: &str| text.parse::<toml_edit::DocumentMut>().unwrap();
        let own = parsed(include_str!("../../functions/links/Cargo.toml"));
        let all = parsed(include_str!("../../Cargo.toml"));
        let made = parsed(LINKS.features);
        for (name, enabled) in made["features"].as_table().unwrap() {
            let shown =
                |enabled: &toml_edit::Item| enabled.to_string().replace("\"local-pages\", ", "");
            assert_eq!(shown(&own["features"][name]), shown(enabled), "{name}");
        }
        let size =
            |document: &toml_edit::DocumentMut| document["features"].as_table().unwrap().len();
        assert_eq!(size(&own), size(&made));
        let needs = |document: &toml_edit::DocumentMut| {
            document["package"]["metadata"]["guru"]["needs"].to_string()
        };
        assert_eq!(needs(&own), needs(&made));
        let used = parsed(&format!("[dependencies]\n{}", LINKS.dependencies));
        for (name, version) in used["dependencies"].as_table().unwrap() {
            assert_eq!(
                own["dependencies"][name]["workspace"].as_bool(),
                Some(true),
                "{name}"
            );
            let workspace = all["workspace"]["dependencies"][name].to_string();
            assert_eq!(workspace, version.to_string(), "{name}");
        }
        let count =
            |document: &toml_edit::DocumentMut| document["dependencies"].as_table().unwrap().len();
        assert_eq!(count(&own), count(&used) + 1);
    }

    #[test]
    fn there_are_ten_lines() {
        let all = lines("http://127.0.0.1:1", "http://127.0.0.1:2");
        assert_eq!(all.len(), 10);
        for (line, answer) in all {
            assert!(line.starts_with("curl ") && !answer.is_empty(), "{line}");
            assert!(line.contains("http://127.0.0.1:1/"), "{line}");
        }
    }
}
