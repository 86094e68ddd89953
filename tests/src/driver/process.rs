//! A child process with its process group: its output is captured, its start awaited, its end guaranteed.

mod group;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

use anyhow::{Context as _, Result, anyhow, bail};
use std::collections::{BTreeSet, VecDeque};
use std::io::{BufRead as _, BufReader, ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// How many of the last lines of output are kept.
const KEPT: usize = 200;

/// How long a process may take to exit after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// The process groups to kill before this process exits.
static LIVE: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// A running child process. It is ended with its whole process group when this is dropped or this process is interrupted.
#[derive(Debug)]
pub struct Process {
    what: String,
    child: Mutex<Option<Child>>,
    lines: Mutex<Option<Receiver<String>>>,
    output: Arc<Mutex<VecDeque<String>>>,
}

impl Process {
    /// Spawns `command` in a process group of its own; `what` names it in messages.
    pub fn spawn(mut command: Command, what: &str) -> Result<Self> {
        end_on_interrupt();
        let program = command.get_program().to_string_lossy().into_owned();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!("{what} cannot be started: `{program}` is not on this machine; `cargo guru setup` gets what is missing"),
            _ => anyhow!("{what} cannot be started: `{program}`: {error}"),
        })?;
        locked(&LIVE).insert(child.id());
        let (sender, lines) = channel();
        let output = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(stdout) = child.stdout.take() {
            read(stdout, sender.clone(), Arc::clone(&output));
        }
        if let Some(stderr) = child.stderr.take() {
            read(stderr, sender, Arc::clone(&output));
        }
        Ok(Self {
            what: what.to_owned(),
            child: Mutex::new(Some(child)),
            lines: Mutex::new(Some(lines)),
            output,
        })
    }

    /// Waits for a line of output that `find` accepts; can be called once.
    pub fn wait_for<T>(&self, limit: Duration, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let lines = locked(&self.lines)
            .take()
            .context("the output was already waited for")?;
        let deadline = Instant::now() + limit;
        loop {
            match lines.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => {
                    if let Some(found) = find(&line) {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    // Both pipes are closed: the process is about to exit, or has merely closed its output.
                    std::thread::sleep(Duration::from_millis(50));
                    bail!("{} {}{}", self.what, self.ending(), self.output());
                }
                // A grandchild may hold the pipes open after the child has died.
                Err(RecvTimeoutError::Timeout) if self.status().is_some() => {
                    bail!("{} {}{}", self.what, self.ending(), self.output());
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() > deadline => {
                    bail!(
                        "{} did not say within {limit:?} that it listens{}",
                        self.what,
                        self.output()
                    );
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Why the process exited before it was listening, in one line.
    fn ending(&self) -> String {
        let in_use = locked(&self.output)
            .iter()
            .any(|line| line.contains("ddress already in use") || line.contains("EADDRINUSE"));
        let status = self
            .status()
            .map_or("closed its output".to_owned(), |status| {
                format!("ended with {status}")
            });
        if in_use {
            format!(
                "found its port in use and {status}: end what listens there, or let it pick another"
            )
        } else {
            format!("{status} before it listened")
        }
    }

    /// The exit status, if the process has exited; it is not reaped, so that its process id stays reserved.
    fn status(&self) -> Option<String> {
        locked(&self.child).as_mut().and_then(signal::ending)
    }

    /// What happened, if the process has exited by itself.
    #[must_use]
    pub fn died(&self) -> Option<String> {
        self.status()
            .map(|status| format!("{} ended with {status}{}", self.what, self.output()))
    }

    /// What its process group is doing, with the last lines of its output; and whether all of it waits.
    #[must_use]
    pub fn doing(&self) -> (String, bool) {
        let group = locked(&self.child).as_ref().map(Child::id);
        let doing = group.map(group::look).unwrap_or_default();
        let lines = doing.lines.iter().map(|line| format!("\n    {line}"));
        let shown: String = lines.collect();
        let title = if shown.is_empty() {
            ""
        } else {
            "\n  its processes:"
        };
        (format!("{title}{shown}{}", self.output()), doing.is_idle)
    }

    /// The last lines of its output, under a title; empty without output.
    #[must_use]
    pub fn output(&self) -> String {
        let lines = locked(&self.output);
        if lines.is_empty() {
            return String::new();
        }
        let shown: Vec<String> = lines.iter().map(|line| format!("    {line}")).collect();
        format!("\n  its last output:\n{}", shown.join("\n"))
    }

    /// Asks the process group to exit, and kills it after a grace period.
    pub fn stop(&self) {
        let Some(mut child) = locked(&self.child).take() else {
            return;
        };
        signal::ask(child.id());
        let deadline = Instant::now() + GRACE;
        while signal::ending(&mut child).is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        // The group is signalled before its leader is reaped: until then its id cannot be reused.
        signal::end(&mut child);
        let _ = child.wait();
        locked(&LIVE).remove(&child.id());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read(
    pipe: impl Read + Send + 'static,
    sender: Sender<String>,
    output: Arc<Mutex<VecDeque<String>>>,
) {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe
            .read_until(b'\n', &mut line)
            .is_ok_and(|count| count > 0)
        {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            {
                let mut kept = locked(&output);
                if kept.len() == KEPT {
                    kept.pop_front();
                }
                kept.push_back(text.clone());
            }
            // Nobody receives once startup is over; reading goes on, so that the child never blocks on a full pipe.
            let _ = sender.send(text);
        }
    });
}

/// Forwards interrupts: they do not reach a child in a process group of its own.
fn end_on_interrupt() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A program with a handler of its own keeps it.
        let _ = ctrlc::try_set_handler(|| {
            for group in locked(&LIVE).iter() {
                signal::end_group(*group);
            }
            std::process::exit(130);
        });
    });
}

/// Ignores poisoning: no critical section can panic, so the data is always consistent.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
mod signal {
    //! Signals to process groups.

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
    use std::process::Child;

    fn group(id: u32) -> Option<Pid> {
        i32::try_from(id).ok().and_then(Pid::from_raw)
    }

    pub(super) fn ask(id: u32) {
        if let Some(group) = group(id) {
            let _ = kill_process_group(group, Signal::TERM);
        }
    }

    /// The exit status of the leader, if it has exited; it is not reaped.
    pub(super) fn ending(child: &mut Child) -> Option<String> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(group(child.id())?), options).ok()??;
        Some(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no exit status".to_owned(),
        })
    }

    pub(super) fn end(child: &mut Child) {
        end_group(child.id());
    }

    pub(super) fn end_group(id: u32) {
        if let Some(group) = group(id) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(not(unix))]
mod signal {
    //! Without process groups, only the child itself is ended.

    use std::process::Child;

    pub(super) fn ask(_id: u32) {}

    pub(super) fn ending(child: &mut Child) -> Option<String> {
        Some(child.try_wait().ok()??.to_string())
    }

    pub(super) fn end(child: &mut Child) {
        let _ = child.kill();
    }

    pub(super) fn end_group(_id: u32) {}
}
