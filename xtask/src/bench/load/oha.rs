//! Latency at a fixed rate, measured by oha: a response's time counts from when its request was due.

use std::{collections::BTreeMap, fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::Loads;
use crate::{child, files};

/// Requests still in flight when time is up are aborted, which is not the server's fault.
const CUT_OFF: &str = "aborted due to deadline";

/// Latencies, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::bench) struct Latency {
    pub(in crate::bench) p50: f64,
    pub(in crate::bench) p99: f64,
    pub(in crate::bench) p999: f64,
}

/// The part of oha's result that is used; times are in seconds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    latency_percentiles: BTreeMap<String, Option<f64>>,
    status_code_distribution: BTreeMap<String, u64>,
    error_distribution: BTreeMap<String, u64>,
}

impl Loads {
    /// The latencies of `url` at `rate` requests per second.
    pub(in crate::bench) fn latency(&self, url: &str, rate: f64) -> Result<Latency> {
        let result = self.folder.join("oha.json");
        files::remove(&result)?;
        let mut oha = Command::new(&self.oha);
        oha.args(["--no-tui", "--latency-correction", "-m", "POST"])
            .args(["-c", &self.connections.to_string()])
            .args(["-z", &format!("{}s", self.seconds)])
            .args(["-q", &format!("{rate:.0}")])
            .args(["--output-format", "json", "--output"])
            .arg(&result)
            .arg(url);
        child::run(&mut oha, &self.folder.join("oha.log"), None, &|_| {})?;
        let text = fs::read_to_string(&result).context("oha wrote no result")?;
        read(&text)
    }
}

fn read(text: &str) -> Result<Latency> {
    let written: Written = serde_json::from_str(text).context("oha's result cannot be read")?;
    let mut errors = written.error_distribution.iter();
    if let Some((error, count)) = errors.find(|(error, _)| *error != CUT_OFF) {
        anyhow::bail!("at a fixed rate {count} requests failed: {error}");
    }
    let mut codes = written.status_code_distribution.keys();
    ensure!(
        !written.status_code_distribution.is_empty() && codes.all(|code| code.starts_with('2')),
        "at a fixed rate the answers were {:?}",
        written.status_code_distribution
    );
    let at = |name: &str| {
        let seconds = written.latency_percentiles.get(name).copied().flatten();
        let seconds = seconds.with_context(|| format!("oha wrote no {name}"))?;
        Ok::<_, anyhow::Error>(seconds * 1e6)
    };
    Ok(Latency {
        p50: at("p50")?,
        p99: at("p99")?,
        p999: at("p99.9")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(codes: &str, errors: &str) -> String {
        format!(
            r#"{{"summary":{{"successRate":1.0}},
                "latencyPercentiles":{{"p10":0.0001,"p50":0.00025,"p99":0.001,"p99.9":0.5}},
                "statusCodeDistribution":{{{codes}}},
                "errorDistribution":{{{errors}}}}}"#
        )
    }

    #[test]
    fn percentiles_are_read_in_microseconds() {
        let text = written(r#""200":999"#, r#""aborted due to deadline":2"#);
        let latency = read(&text).unwrap();
        assert_eq!(
            (latency.p50, latency.p99, latency.p999),
            (250.0, 1000.0, 500_000.0)
        );
    }

    #[test]
    fn anything_that_went_wrong_is_no_number() {
        let cases = [
            written(r#""200":9,"500":1"#, ""),
            written(r#""200":9"#, r#""connection closed":1"#),
            written("", ""),
            "{}".to_owned(),
        ];
        for text in cases {
            assert!(read(&text).is_err(), "{text}");
        }
    }
}
