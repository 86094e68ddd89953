//! What must happen when the user stops the command half-way. Knows nothing of what is undone.

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

/// The shell's convention for a command ended by the interrupt signal.
const EXIT: i32 = 130;

/// From here on, Ctrl-C, a hang-up and a request to terminate run the registered actions, newest first, and end the process.
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

/// Registers what to do on an interrupt. It must not harm when what it undoes is already gone.
pub fn undo(action: impl FnOnce() + Send + 'static) {
    UNDO.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Box::new(action));
}

/// Never returns when the process is being stopped. Ctrl-C ends children too, and their end must not be told as a
/// failure of theirs.
pub fn give_way() {
    while STOPPING.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(50));
    }
}
