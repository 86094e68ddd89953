//! Child processes that do not outlive this one: ended when dropped, and when the user interrupts. Knows no program.

use std::{
    io,
    process::{Child, Command, ExitStatus},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::interrupt;

/// How often a child is asked whether it has ended. It is asked, not waited for, so that an interrupt can end it.
const BEAT: Duration = Duration::from_millis(20);

/// A running child.
#[derive(Debug)]
pub(crate) struct Leash(Arc<Mutex<Child>>);

impl Leash {
    /// Starts the command.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = Arc::new(Mutex::new(command.spawn()?));
        let also = Arc::clone(&child);
        interrupt::undo(move || end(&also));
        Ok(Self(child))
    }

    /// Its pipes, and whatever else `std` knows of it.
    pub(crate) fn child(&self) -> MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its end.
    pub(crate) fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.child().try_wait()? {
                return Ok(status);
            }
            thread::sleep(BEAT);
        }
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        end(&self.0);
    }
}

/// Ends the child; one that has ended already is no error.
fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    drop(child.kill());
    drop(child.wait());
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_child_ends_with_its_owner() {
        let leash = Leash::spawn(Command::new("sleep").arg("60")).unwrap();
        let also = Arc::clone(&leash.0);
        assert!(also.lock().unwrap().try_wait().unwrap().is_none());
        drop(leash);
        assert!(also.lock().unwrap().try_wait().unwrap().is_some());
    }

    #[test]
    fn a_child_that_ends_by_itself_says_how() {
        let leash = Leash::spawn(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        assert_eq!(leash.wait().unwrap().code(), Some(3));
    }
}
