//! A contestant that serves HTTP, as a child process: started on a free port, polled until it responds, and ended when dropped.

use std::{
    net::{Ipv4Addr, TcpListener},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::contestant::{Output, Recipe};
use crate::{child, leash::Leash};

/// The timeout of a server's start.
const PATIENCE: Duration = Duration::from_secs(30);

/// The polling interval until the first response.
const BEAT: Duration = Duration::from_millis(1);

/// A server that has responded.
pub(super) struct Running {
    leash: Leash,
    url: String,
    /// The time from starting the process to its first response.
    pub(super) started_in: Duration,
}

impl Running {
    /// Starts it and waits for its first good response.
    pub(super) fn start(recipe: &Recipe, output: &Output) -> Result<Self> {
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}/");
        let agent = agent(0);
        let mut command = recipe.command(port, output)?;
        let begun = Instant::now();
        let leash = Leash::family(&mut command)
            .with_context(|| format!("cannot start {}", recipe.name()))?;
        let mut last = "nothing listens".to_owned();
        while begun.elapsed() < PATIENCE {
            let asked = match recipe.asked {
                Some(path) => try_get(&agent, &format!("{url}{path}")),
                None => ask(&agent, &url),
            };
            let started_in = begun.elapsed();
            match asked {
                // If another process had taken the port first, this one would have exited.
                Ok(()) if leash.ended()?.is_none() => {
                    return Ok(Self {
                        leash,
                        url,
                        started_in,
                    });
                }
                Ok(()) => {}
                Err(error) => last = format!("{error:#}"),
            }
            if let Some(status) = leash.ended()? {
                bail!("it {} before it answered", child::describe(status));
            }
            thread::sleep(BEAT);
        }
        bail!("it did not answer within {} s: {last}", PATIENCE.as_secs())
    }

    /// The URL of the server.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Explains an error by the server's exit, if it has exited meanwhile.
    pub(super) fn blame<T>(&self, result: Result<T>) -> Result<T> {
        match (result, self.leash.ended()) {
            (Err(error), Ok(Some(status))) => {
                Err(error.context(format!("it {} under load", child::describe(status))))
            }
            (result, _) => result,
        }
    }

    /// The id of the process that was started.
    pub(super) fn id(&self) -> u32 {
        self.leash.child().id()
    }
}

/// An HTTP client that keeps connections open and has a timeout. It uses no proxy for this machine's own ports.
pub(super) fn agent(connections: usize) -> ureq::Agent {
    ureq::Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .max_idle_connections(connections)
        .max_idle_connections_per_host(connections)
        .build()
        .into()
}

/// The example's response, reduced to the field that is checked.
#[derive(Deserialize)]
struct HttpResponse {
    status: String,
    meditation: String,
}

/// Whether a response body is the example's.
pub(super) fn is_meditation(body: &str) -> bool {
    serde_json::from_str::<HttpResponse>(body)
        .is_ok_and(|answer| answer.status == "success" && !answer.meditation.is_empty())
}

/// Requests a meditation once.
fn ask(agent: &ureq::Agent, url: &str) -> Result<()> {
    let mut answer = agent.post(url).send_empty()?;
    let status = answer.status();
    let body = answer.body_mut().read_to_string()?;
    ensure!(status == 200, "it answers {status}");
    ensure!(is_meditation(&body), "it answers {body}");
    Ok(())
}

/// Reads an answer of any content.
fn try_get(agent: &ureq::Agent, url: &str) -> Result<()> {
    let mut answer = agent.get(url).call()?;
    let status = answer.status();
    answer.body_mut().read_to_vec()?;
    ensure!(status == 200, "it answers {status}");
    Ok(())
}

/// A port that nobody listens on.
pub(super) fn free_port() -> Result<u16> {
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port")?;
    Ok(held.local_addr().context("a port has no number")?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_meditation_is_one() {
        let cases = [
            (
                r#"{"status":"success","meditation":"off to a regex/"}"#,
                true,
            ),
            (r#"{"status":"success","meditation":""}"#, false),
            (r#"{"status":"error","error":"not found"}"#, false),
            ("", false),
        ];
        for (body, want) in cases {
            assert_eq!(is_meditation(body), want, "{body}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn one_that_ends_early_is_told_so() {
        let recipe = Recipe::new("sh", ["-c", "exit 3"]);
        let error = Running::start(&recipe, &Output::Lost).err().unwrap();
        assert!(error.to_string().contains("exit code 3"), "{error}");
    }
}
