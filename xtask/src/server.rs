//! A function's native server as a child process, started on a free port and ended when dropped.

use std::{
    io::{BufRead as _, BufReader, Read},
    path::Path,
    process::{ChildStderr, ChildStdout, Stdio},
    sync::mpsc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{leash::Leash, surroundings};

/// The timeout of the server's start.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server prints before its address.
const ANNOUNCEMENT: &str = "listening on ";

/// A running server.
pub(super) struct Server {
    _child: Leash,
    url: String,
}

impl Server {
    /// Starts the program on a free loopback port.
    pub(super) fn start(program: &Path) -> Result<Self> {
        let mut command = surroundings::command(program);
        command
            .args(["--host", "127.0.0.1", "--port", "0"])
            .env_remove("PORT")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // An early return also ends the child.
        let child = Leash::spawn(&mut command)
            .with_context(|| format!("cannot start {}", program.display()))?;
        let (out, err) = {
            let mut child = child.child();
            (child.stdout.take(), child.stderr.take())
        };
        let url = announced(program, out, err)?;
        Ok(Self { _child: child, url })
    }

    /// The URL of the server, without a trailing slash.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

/// Waits for the address, and goes on reading afterwards, so that the server never blocks on a full pipe.
fn announced(program: &Path, out: Option<ChildStdout>, err: Option<ChildStderr>) -> Result<String> {
    let (sender, lines) = mpsc::channel();
    if let Some(out) = out {
        read(out, sender.clone());
    }
    if let Some(err) = err {
        read(err, sender);
    }
    let mut said = Vec::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                if let Some(url) = address(&line) {
                    return Ok(url.to_owned());
                }
                said.push(line);
            }
            Err(_) => bail!(
                "{} did not say `{ANNOUNCEMENT}http://…` within {} s; it said:\n    {}",
                program.display(),
                PATIENCE.as_secs(),
                said.join("\n    ")
            ),
        }
    }
}

fn read(source: impl Read + Send + 'static, sender: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            // Nobody receives once the address is known; reading goes on to drain the pipe.
            drop(sender.send(line));
        }
    });
}

fn address(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(ANNOUNCEMENT)?;
    let url = rest.split_whitespace().next()?.trim_end_matches('/');
    url.starts_with("http://").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_announcement() {
        let cases = [
            (
                "listening on http://127.0.0.1:5000",
                Some("http://127.0.0.1:5000"),
            ),
            (
                "listening on http://127.0.0.1:5000/ (local)",
                Some("http://127.0.0.1:5000"),
            ),
            ("INFO listening on http://[::1]:80", Some("http://[::1]:80")),
            ("listening on port 5000", None),
            ("starting", None),
        ];
        for (line, want) in cases {
            assert_eq!(address(line), want, "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_announces_nothing_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("server");
        crate::files::write_program(&program, "#!/bin/sh\necho 'no luck' >&2\n").unwrap();
        let error = Server::start(&program).map(drop).unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
    }
}
