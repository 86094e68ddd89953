//! Checks that the routes can be served before a build replaces the one being served. Only the function itself knows its routes,
//! so its native program is run to check them.

use std::{
    process::Stdio,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::Result;
use guru_toolbox::trial::accepts;

use super::{BuildContext, program};

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
        Ok(program) => accepts(&program),
        Err(_) => Ok(()),
    }
}
