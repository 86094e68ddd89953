//! Counts instructions with valgrind's callgrind, whose result does not depend on the machine's load.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, Result, ensure};

use super::Gauge;
use crate::{apt, child, console::Console, home::Home};

/// The Debian package, and the program in it.
const VALGRIND: &str = "valgrind";

/// Two runs whose difference cancels out the work at startup and shutdown.
const REQUESTS: [u32; 2] = [1000, 2000];

/// The valgrind installation.
#[derive(Debug)]
pub(crate) struct Callgrind {
    valgrind: PathBuf,
}

impl Callgrind {
    /// Finds valgrind on PATH, or installs Debian's package where possible. The error says why there is none, and what to do.
    pub(crate) fn find(home: &Home, console: Console) -> Result<Self, String> {
        if which::which(VALGRIND).is_err() && apt::is_here() {
            // The reason is in the log; the advice is the same.
            drop(apt::install(home, console, &[VALGRIND]));
        }
        which::which(VALGRIND)
            .map(|valgrind| Self { valgrind })
            .map_err(|_| "valgrind is not installed, `apt-get install valgrind`".to_owned())
    }

    /// The instructions of one request.
    pub(crate) fn instructions(&self, gauge: &Gauge, case: &str) -> Result<u32> {
        let [few, many] = REQUESTS;
        let counted = |requests| self.collected(gauge, case, requests);
        between(counted(few)?, counted(many)?, many.abs_diff(few))
            .with_context(|| format!("callgrind counted no instructions of {case}"))
    }

    /// All instructions of a whole run.
    fn collected(&self, gauge: &Gauge, case: &str, requests: u32) -> Result<u64> {
        let mut command = Command::new(&self.valgrind);
        command
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .args(gauge.words(case, requests));
        let spelt = child::spell(&command);
        let output = command
            .output()
            .with_context(|| format!("cannot start `{spelt}`"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let ended = child::describe(output.status);
        ensure!(output.status.success(), "`{spelt}` {ended}: {said}");
        collected(&said).with_context(|| format!("`{spelt}` collected nothing: {said}"))
    }
}

/// Parses the number of instructions from callgrind's final output.
fn collected(said: &str) -> Option<u64> {
    let mut lines = said.lines();
    let count = lines.find_map(|line| line.split_once("Collected :").map(|(_, count)| count))?;
    count.trim().parse().ok()
}

/// The instructions of one request, from two runs that differ by `requests` requests.
fn between(few: u64, many: u64, requests: u32) -> Option<u32> {
    let more = many.checked_sub(few).filter(|more| *more > 0)?;
    u32::try_from(more.checked_div(requests.into())?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        let whole = "==7== Callgrind, a call-graph generating cache profiler\n\
                     ==7== For interactive control, run 'callgrind_control -h'.\n\
                     ==7== \n==7== Events    : Ir\n==7== Collected : 6764093\n==7== \n\
                     ==7== I   refs:      6,764,093\n";
        let cases = [
            (whole, Some(6_764_093)),
            ("==7== Collected : ", None),
            ("==7== Collected : many", None),
            ("==7== Events    : Ir", None),
            ("", None),
        ];
        for (said, want) in cases {
            assert_eq!(collected(said), want, "{said:?}");
        }
    }

    #[test]
    fn a_request_is_what_two_runs_differ_by() {
        let cases = [
            (1_500_000, 8_000_000, 1000, Some(6500)),
            (1_500_000, 8_000_999, 1000, Some(6500)),
            (8_000_000, 1_500_000, 1000, None),
            (1, 1, 1000, None),
            (1, 2, 0, None),
        ];
        for (few, many, requests, want) in cases {
            assert_eq!(between(few, many, requests), want);
        }
    }
}
