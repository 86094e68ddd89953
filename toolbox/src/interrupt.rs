//! Cleanup when the user interrupts the command.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};

type Undo = Box<dyn FnOnce() + Send>;

static UNDO: Mutex<Vec<Undo>> = Mutex::new(Vec::new());

static STOPPING: AtomicBool = AtomicBool::new(false);

/// The exit code after an interrupt signal, by the shells' convention.
const EXIT: i32 = 130;

/// Installs the signal handler: on Ctrl-C, a hang-up or a termination request, it runs the registered actions, newest first, and
/// ends the process.
pub fn handle() -> Result<()> {
    ctrlc::set_handler(|| {
        STOPPING.store(true, Ordering::SeqCst);
        let actions = std::mem::take(&mut *UNDO.lock().unwrap_or_else(PoisonError::into_inner));
        for action in actions.into_iter().rev() {
            action();
        }
        std::process::exit(EXIT);
    })
    .context("cannot handle Ctrl-C")
}

/// Registers an action to run on an interrupt. It must be harmless when what it undoes is already gone.
pub fn undo(action: impl FnOnce() + Send + 'static) {
    UNDO.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Box::new(action));
}

/// Never returns while the process is being interrupted. Ctrl-C also ends the children, which must not be reported as a failure
/// of theirs.
pub fn give_way() {
    while STOPPING.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(50));
    }
}
