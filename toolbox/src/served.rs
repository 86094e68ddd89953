//! A function under its vendor's runtime on this machine, by `guru dev`, for as long as a command needs it.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{child, leash::Leash};

/// How long the runtime may take to start, building included.
const START: Duration = Duration::from_secs(3600);

/// How many of the last lines that the runtime says are told with an error.
const LAST: usize = 20;

/// A function that is served, until this is dropped.
pub struct Served {
    running: Leash,
    said: Said,
    url: String,
}

impl Served {
    /// Starts it, and waits for the line of which `address` makes where it is.
    ///
    /// # Errors
    ///
    /// When it does not serve, with what it has said last.
    pub fn start(command: &mut Command, address: fn(&str) -> Option<String>) -> Result<Self> {
        let said = Said::default();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let running = Leash::family(command).context("cannot start `guru dev`")?;
        let (output, progress) = {
            let mut child = running.child();
            (child.stdout.take(), child.stderr.take())
        };
        let is_up = Arc::new(AtomicBool::new(false));
        let (is_quiet, says) = (Arc::clone(&is_up), said.clone());
        thread::spawn(move || {
            // What is built is shown; what the runtime says of each request is kept for an error.
            for line in progress
                .into_iter()
                .flat_map(|out| BufReader::new(out).lines())
            {
                let line = line.unwrap_or_default();
                if !is_quiet.load(Ordering::Relaxed) {
                    eprintln!("{line}");
                }
                says.add(line);
            }
        });
        let (sender, addresses) = mpsc::channel();
        let says = said.clone();
        thread::spawn(move || {
            // Read to its end: who writes what nobody reads waits for ever.
            for line in output
                .into_iter()
                .flat_map(|out| BufReader::new(out).lines())
            {
                let line = line.unwrap_or_default();
                if let Some(url) = address(&line) {
                    is_up.store(true, Ordering::Relaxed);
                    let _ = sender.send(url);
                }
                says.add(line);
            }
        });
        match addresses.recv_timeout(START) {
            Ok(url) => {
                let url = url.trim_end_matches('/').to_owned();
                Ok(Self { running, said, url })
            }
            Err(_) => {
                let url = String::new();
                bail!(Self { running, said, url }.last())
            }
        }
    }

    /// Where it is, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How the runtime is, and what it has said last, for an error.
    #[must_use]
    pub fn last(&self) -> String {
        let how = self.running.ended().ok().flatten().map(child::describe);
        let how = how.unwrap_or_else(|| "is running".into());
        format!("the runtime {how}; it said last:\n{}", self.said.last())
    }
}

/// What the runtime has said last.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<VecDeque<String>>>);

impl Said {
    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn last(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        lines.join("\n")
    }
}
