//! Routes that cannot be served, found before anything is put in the place of what serves: only the function itself knows its
//! routes, so it is asked. Knows what the native program can be asked, not what routes are.

use std::{
    io::Read as _,
    path::Path,
    process::Stdio,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{BuildContext, program};
use crate::surroundings;

/// The exit code of a program whose routes cannot be served (`guru_program::main`): none that a program ends with for other
/// reasons, as 1 is.
const REFUSED: i32 = 65;

/// How long a program has to answer. One that knows no such question may serve, for as long as it is let.
const ANSWER: Duration = Duration::from_secs(20);

/// What takes longer is announced.
const PATIENCE: Duration = Duration::from_secs(2);

/// Builds the function for this machine, not optimised, and asks it.
pub(super) fn check(context: &BuildContext<'_>) -> Result<()> {
    let context = BuildContext {
        is_release: false,
        ..*context
    };
    let (done, waiting) = mpsc::channel::<()>();
    let console = context.console;
    thread::spawn(move || {
        if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            console.note("building the function for this machine too, to ask it for its routes");
        }
    });
    // A function that compiles for its vendor only cannot be asked here.
    let made = program::made(&context, Stdio::null());
    drop(done);
    match made {
        Ok(program) => ask(&program),
        Err(_) => Ok(()),
    }
}

/// Asks a program.
pub(super) fn ask(program: &Path) -> Result<()> {
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
    // Any other end is not about routes: it may want settings that it is not given here, or know no such option.
    if status.and_then(|status| status.code()) != Some(REFUSED) {
        let _ = child.kill();
        let _ = child.wait();
        return Ok(());
    }
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        // What is not text is left out.
        let _ = stderr.read_to_string(&mut said);
    }
    bail!("the function cannot be served: {}", said.trim())
}
