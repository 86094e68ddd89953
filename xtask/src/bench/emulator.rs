//! A Lambda function under AWS's emulator, invoked as an HTTP API invokes it.
//!
//! The emulator handles one request at a time, and starts the function on the first.

use std::{
    net::{Ipv4Addr, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::{
    contestant::{Output, Recipe},
    memory::Family,
    running::{agent, free_port, is_meditation},
};
use crate::{child, leash::Leash};

/// The path of an invocation, whatever the function's name.
const INVOKE: &str = "2015-03-31/functions/function/invocations";

/// `POST /` as an event of an HTTP API.
const EVENT: &str = include_str!("event.json");

/// The timeout from starting the process to the first connection.
const START: Duration = Duration::from_secs(20);

/// An emulator, with one client that keeps its connection open.
pub(super) struct Emulator {
    leash: Leash,
    agent: ureq::Agent,
    url: String,
}

/// A function's response to an HTTP API.
#[derive(Deserialize)]
struct InvokeResponse {
    #[serde(rename = "statusCode")]
    status: u16,
    body: String,
}

impl Emulator {
    /// Starts the emulator; the first invocation starts the function.
    pub(super) fn start(emulator: &Path, recipe: &Recipe, output: &Output) -> Result<Self> {
        let [address, runtime] = [free_port()?, free_port()?];
        // The function's own command, prefixed with the emulator's.
        let command = recipe.command(address, output)?;
        let mut emulated = crate::surroundings::command(emulator);
        emulated
            .arg("--runtime-interface-emulator-address")
            .arg(format!("127.0.0.1:{address}"))
            .arg("--runtime-api-address")
            .arg(format!("127.0.0.1:{runtime}"))
            .arg(command.get_program())
            .args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            emulated.current_dir(folder);
        }
        output.of(&mut emulated)?;
        let leash = Leash::family(&mut emulated).context("cannot start AWS's emulator")?;
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, address)).is_err() {
            if let Some(status) = leash.ended()? {
                bail!("AWS's emulator {}", child::describe(status));
            }
            ensure!(begun.elapsed() < START, "AWS's emulator does not listen");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(Self {
            leash,
            agent: agent(1),
            url: format!("http://127.0.0.1:{address}/{INVOKE}"),
        })
    }

    /// Invokes the function and returns how long it took.
    pub(super) fn invoke(&self) -> Result<Duration> {
        let begun = Instant::now();
        let mut answer = self
            .agent
            .post(&self.url)
            .send(EVENT)
            .context("AWS's emulator did not answer")?;
        let body = answer.body_mut().read_to_string();
        let took = begun.elapsed();
        check(&body.context("AWS's emulator broke off its answer")?)?;
        Ok(took)
    }

    /// The processes of the function, without the emulator itself.
    pub(super) fn family(&self) -> Family {
        Family::below(self.leash.child().id())
    }
}

fn check(body: &str) -> Result<()> {
    let is_good = serde_json::from_str::<InvokeResponse>(body)
        .is_ok_and(|answer| answer.status == 200 && is_meditation(&answer.body));
    ensure!(is_good, "the function answered {body}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_json() {
        let event: serde_json::Value = serde_json::from_str(EVENT).unwrap();
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["requestContext"]["http"]["method"], "POST");
    }

    #[test]
    fn only_a_meditation_is_an_answer() {
        let good = r#"{"statusCode":200,"headers":{},"body":"{\"status\":\"success\",\"meditation\":\"m\"}"}"#;
        assert!(check(good).is_ok());
        for bad in [
            good.replace("200", "500"),
            r#"{"errorType":"Runtime.ExitError"}"#.into(),
            String::new(),
        ] {
            assert!(check(&bad).is_err(), "{bad}");
        }
    }
}
