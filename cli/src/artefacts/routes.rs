//! Checks that the routes can be served before a build replaces the one being served. Only the function itself knows its routes,
//! so its native program is run to check them.

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

/// The exit code of a program whose routes cannot be served (`guru_program::main`). Unlike 1, no program exits with it for other
/// reasons.
const REFUSED: i32 = 65;

/// How long a program may take to answer. One that does not know the option may start serving and never exit.
const ANSWER: Duration = Duration::from_secs(20);

/// A check that takes longer than this is announced.
const PATIENCE: Duration = Duration::from_secs(2);

/// Builds the function for this machine, without optimisations, and has it check its routes.
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
    // A function that compiles only for its vendor cannot be checked here.
    let made = program::made(&context, Stdio::null());
    drop(done);
    match made {
        Ok(program) => ask(&program),
        Err(_) => Ok(()),
    }
}

/// Has a program check its routes.
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
