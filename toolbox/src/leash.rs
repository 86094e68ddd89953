//! Child processes that do not outlive this one: they are killed on drop and when the user interrupts.

use std::{
    io,
    process::{Child, Command, ExitStatus},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::interrupt;

/// The polling interval for a child's exit. Polling, unlike a blocking wait, lets an interrupt kill the child.
const BEAT: Duration = Duration::from_millis(20);

/// How long a process group may take to exit after SIGTERM.
const GRACE: Duration = Duration::from_secs(2);

/// A running child process.
#[derive(Debug)]
pub struct Leash {
    child: Arc<Mutex<Child>>,
    end: fn(&Mutex<Child>),
}

impl Leash {
    /// Spawns the command.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        Self::held(command, end)
    }

    /// Spawns the command in a process group of its own. The whole group is ended with it, by SIGTERM first.
    pub fn family(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        Self::held(command, end_family)
    }

    /// Spawns a server that ends at once on SIGINT, and on SIGTERM waits for its clients, as PostgreSQL's does.
    pub fn interrupted(command: &mut Command) -> io::Result<Self> {
        // In a group of its own, so that Ctrl-C does not end it before those that use it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        Self::held(command, end_interrupted)
    }

    fn held(command: &mut Command, end: fn(&Mutex<Child>)) -> io::Result<Self> {
        let child = Arc::new(Mutex::new(command.spawn()?));
        let also = Arc::clone(&child);
        interrupt::undo(move || end(&also));
        Ok(Self { child, end })
    }

    /// The exit status, if it has exited.
    pub fn ended(&self) -> io::Result<Option<ExitStatus>> {
        self.child().try_wait()
    }

    /// The child process, for its pipes and the rest of `std`'s interface.
    pub fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for it to exit.
    pub fn wait(&self) -> io::Result<ExitStatus> {
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
        (self.end)(&self.child);
    }
}

/// Kills the child, which may have exited already.
fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    drop(child.kill());
    drop(child.wait());
}

/// Ends the child and its whole process group.
#[cfg(unix)]
fn end_family(child: &Mutex<Child>) {
    use rustix::process::{Pid, Signal, kill_process_group};

    let mut held = child.lock().unwrap_or_else(PoisonError::into_inner);
    let group = i32::try_from(held.id()).ok().and_then(Pid::from_raw);
    // Once the child has been reaped, its process id may have been reused.
    if let (Ok(None), Some(group)) = (held.try_wait(), group) {
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while matches!(held.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(BEAT);
        }
        // The rest of the group did not exit on SIGTERM.
        let _ = kill_process_group(group, Signal::KILL);
    }
    drop(held);
    end(child);
}

/// Interrupts the child, and kills it where that does not end it.
fn end_interrupted(child: &Mutex<Child>) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process};

        let mut held = child.lock().unwrap_or_else(PoisonError::into_inner);
        let process = i32::try_from(held.id()).ok().and_then(Pid::from_raw);
        if let (Ok(None), Some(process)) = (held.try_wait(), process) {
            let _ = kill_process(process, Signal::INT);
            let deadline = Instant::now() + GRACE;
            while matches!(held.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(BEAT);
            }
        }
    }
    end(child);
}

#[cfg(not(unix))]
fn end_family(child: &Mutex<Child>) {
    end(child);
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_child_ends_with_its_owner() {
        let leash = Leash::spawn(Command::new("sleep").arg("60")).unwrap();
        let also = Arc::clone(&leash.child);
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
