//! Routes that cannot be served, found before anything is put in the place of what serves: only the function itself knows its
//! routes, so it is asked. Knows what the native program can be asked, not what routes are.

use std::{
    path::Path,
    process::Stdio,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Result, bail};

use super::{Scene, local};
use crate::surroundings;

/// The exit code of a program whose routes cannot be served.
const REFUSED: i32 = 1;

/// What takes longer is announced.
const PATIENCE: Duration = Duration::from_secs(2);

/// Builds the function for this machine, not optimised, and asks it.
pub(super) fn check(scene: &Scene<'_>) -> Result<()> {
    let scene = Scene {
        is_release: false,
        ..*scene
    };
    let (done, waiting) = mpsc::channel::<()>();
    let console = scene.console;
    thread::spawn(move || {
        if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            console.note("building the function for this machine too, to ask it for its routes");
        }
    });
    // A function that compiles for its vendor only cannot be asked here.
    let made = local::made(&scene, Stdio::null());
    drop(done);
    match made {
        Ok(program) => ask(&program),
        Err(_) => Ok(()),
    }
}

/// Asks a program.
pub(super) fn ask(program: &Path) -> Result<()> {
    let mut command = surroundings::command(program);
    let output = command
        .arg("--check")
        .env_remove("PORT")
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else { return Ok(()) };
    // Any other end is not about routes: it may want settings that it is not given here, or know no such option.
    if output.status.code() != Some(REFUSED) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("the function cannot be served: {}", said.trim())
}
