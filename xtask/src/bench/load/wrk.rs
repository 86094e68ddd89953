//! Throughput, measured by wrk.

use std::{cell::RefCell, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::Loads;
use crate::{child, files};

/// The script for wrk: prints its counters at the end.
const SCRIPT: &str = r#"
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"microseconds":%d,"requests":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.duration, summary.requests, summary.bytes, e.connect, e.read, e.write, e.status, e.timeout))
end
"#;

/// wrk's counters.
#[derive(Debug, Deserialize)]
struct Counted {
    microseconds: u32,
    requests: u32,
    /// What came in, with heads.
    bytes: f64,
    connect: u64,
    read: u64,
    write: u64,
    /// Responses with a status of 400 and above.
    status: u64,
    timeout: u64,
}

impl Loads {
    /// The requests per second that `url` handles with this many connections, of `POST` without content.
    pub(in crate::bench) fn throughput(&self, url: &str, connections: u32) -> Result<f64> {
        let counted = self.counted("wrk.method = \"POST\"\nwrk.body = \"\"\n", url, connections)?;
        ensure!(counted.requests > 0, "no request was answered");
        Ok(f64::from(counted.requests) / counted.seconds())
    }

    /// The bytes per second that `url` sends on this many connections.
    pub(in crate::bench) fn bytes(&self, url: &str, connections: u32) -> Result<f64> {
        let counted = self.counted("", url, connections)?;
        Ok(counted.bytes / counted.seconds())
    }

    fn counted(&self, what: &str, url: &str, connections: u32) -> Result<Counted> {
        let script = self.folder.join("load.lua");
        files::write(&script, &format!("{what}{SCRIPT}"))?;
        let mut wrk = Command::new(&self.wrk);
        wrk.args(["-t1", "-c", &connections.to_string()])
            .args(["-d", &format!("{}s", self.seconds)])
            // A stream may take longer than the 2 seconds that wrk allows by itself.
            .args(["--timeout", "30s", "-s"])
            .arg(&script)
            .arg(url);
        let said = RefCell::new(Vec::new());
        child::run(&mut wrk, &self.folder.join("wrk.log"), None, &|line| {
            said.borrow_mut().push(line.to_owned());
        })?;
        counted(&said.into_inner())
    }
}

impl Counted {
    fn seconds(&self) -> f64 {
        f64::from(self.microseconds) / 1e6
    }
}

/// What was counted, unless there were errors.
fn counted(said: &[String]) -> Result<Counted> {
    let line = said.iter().find(|line| line.starts_with('{'));
    let line = line.context("wrk did not say what it counted")?;
    let counted: Counted = serde_json::from_str(line).context("what wrk counted cannot be read")?;
    let &Counted {
        connect,
        read,
        write,
        status,
        timeout,
        ..
    } = &counted;
    ensure!(
        connect + read + write + status + timeout == 0,
        "under load {connect} connections were refused, {read} reads and {write} writes failed, {timeout} answers came \
         too late, and {status} were errors"
    );
    ensure!(counted.bytes > 0.0, "no request was answered");
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(requests: u32, read: u32, status: u32) -> Vec<String> {
        vec![
            "Running 1s test @ http://127.0.0.1:1/".into(),
            format!(
                r#"{{"microseconds":2000000,"requests":{requests},"bytes":{},"connect":0,"read":{read},"write":0,"status":{status},"timeout":0}}"#,
                f64::from(requests) * 160.0
            ),
        ]
    }

    #[test]
    fn requests_are_counted_by_the_second() {
        let counted = counted(&said(5000, 0, 0)).unwrap();
        assert_eq!((counted.requests, counted.seconds()), (5000, 2.0));
        assert_eq!(counted.bytes, 800_000.0);
    }

    #[test]
    fn anything_that_went_wrong_is_no_number() {
        for lines in [said(5000, 1, 0), said(5000, 0, 1), said(0, 0, 0), vec![]] {
            assert!(counted(&lines).is_err(), "{lines:?}");
        }
    }
}
