//! Checks that a new build starts, beside the one being served: a build that exits at start must not replace it, nor one whose routes
//! cannot be served.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{child, interrupt, leash::Leash, surroundings};

/// The time from starting the process to the line that announces it is listening.
const START: Duration = Duration::from_secs(20);

/// The exit code of a program whose routes cannot be served (`guru_native::main`). Unlike 1, no program exits with it for other
/// reasons.
const REFUSED: i32 = 65;

/// How long a program may take to answer. One that does not know the option may start serving and never exit.
const ANSWER: Duration = Duration::from_secs(20);

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

/// Has a program check its routes, and fails where it refuses them.
///
/// # Errors
///
/// When they cannot be served.
pub fn accepts(program: &Path) -> Result<()> {
    let mut command = surroundings::command(program);
    let child = command
        .arg("--check")
        .env("PORT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return Ok(()) };
    let latest = Instant::now() + ANSWER;
    let status = loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < latest => thread::sleep(Duration::from_millis(20)),
            Ok(Some(status)) => break Some(status),
            _ => break None,
        }
    };
    // Any other exit has nothing to do with routes: the program may need settings that it lacks here, or not know the option.
    if status.and_then(|status| status.code()) != Some(REFUSED) {
        let _ = child.kill();
        let _ = child.wait();
        return Ok(());
    }
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        // Invalid UTF-8 is dropped.
        let _ = stderr.read_to_string(&mut said);
    }
    bail!("the function cannot be served: {}", said.trim())
}
