//! Checks that a new build starts, beside the one being served: a build that exits at start must not replace it.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{child, interrupt, leash::Leash};

/// The time from starting the process to the line that announces it is listening.
const START: Duration = Duration::from_secs(20);

/// How often the process is polled for its exit meanwhile.
const BEAT: Duration = Duration::from_millis(20);

/// Starts the command, waits for a line with `ready` on its standard output, and stops it.
pub fn starts(mut command: Command, ready: &'static str) -> Result<()> {
    let program = child::spell(&command);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let tried = Leash::spawn(&mut command).with_context(|| format!("cannot start `{program}`"))?;
    let (out, error) = {
        let mut child = tried.child();
        (child.stdout.take(), child.stderr.take())
    };
    let (sender, readiness) = mpsc::channel();
    thread::spawn(move || {
        let lines = out.into_iter().flat_map(|out| BufReader::new(out).lines());
        for line in lines.map_while(Result::ok) {
            if line.contains(ready) && sender.send(()).is_err() {
                return;
            }
        }
    });
    let said = thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(mut error) = error {
            drop(error.read_to_end(&mut said));
        }
        String::from_utf8_lossy(&said).into_owned()
    });
    let deadline = Instant::now() + START;
    loop {
        // A closed pipe does not mean that the process has exited.
        match readiness.recv_timeout(BEAT) {
            Ok(()) => return Ok(()),
            Err(mpsc::RecvTimeoutError::Disconnected) => thread::sleep(BEAT),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if let Some(status) = tried.ended().context("cannot ask how it is")? {
            interrupt::give_way();
            let said = said.join().unwrap_or_default();
            bail!(
                "{}\nit was built, but does not start: it {}",
                said.trim_end(),
                child::describe(status)
            );
        }
        if Instant::now() > deadline {
            bail!(
                "it was built, but does not listen {} s after its start",
                START.as_secs()
            );
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_says_that_it_listens_starts() {
        let began = Instant::now();
        starts(
            shell("echo not yet; echo listening on x; exec sleep 60"),
            "listening on ",
        )
        .unwrap();
        assert!(began.elapsed() < START);
    }

    #[test]
    fn what_ends_instead_says_why() {
        let script = "echo not yet; echo 'two routes clash' >&2; exit 3";
        let error = starts(shell(script), "listening on ")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("two routes clash") && error.contains("exit code 3"),
            "{error}"
        );
    }
}
