//! Measures how long a Lambda function takes from process start to its first request for an event, with a listener in place of
//! Lambda's runtime interface that never returns one.

use std::{
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::contestant::{Output, Recipe};
use crate::{child, leash::Leash};

/// The timeout of that request.
const PATIENCE: Duration = Duration::from_secs(20);

/// The polling interval for the function's exit. The listener itself blocks, so that it neither takes CPU time from what it
/// measures nor adds to it.
const BEAT: Duration = Duration::from_millis(20);

/// The path of a function's first request.
const NEXT: &str = "/runtime/invocation/next";

/// Starts the function, waits for its request, and ends it.
pub(super) fn time(recipe: &Recipe, output: &Output) -> Result<Duration> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port")?;
    let address = listener.local_addr().context("a port has no number")?;
    let port = address.port();
    let mut command = recipe.command(port, output)?;
    command
        .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{port}"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "function")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
        .env("AWS_REGION", "eu-central-1")
        .env("_HANDLER", "handler.handler");
    if let Some(folder) = command.get_current_dir().map(ToOwned::to_owned) {
        command.env("LAMBDA_TASK_ROOT", folder);
    }
    let (sender, asked) = mpsc::channel();
    let waiting = thread::spawn(move || drop(sender.send(first_line(&listener))));
    let begun = Instant::now();
    let leash =
        Leash::family(&mut command).with_context(|| format!("cannot start {}", recipe.name()));
    let outcome = leash.and_then(|leash| until(&leash, begun, &asked));
    // Unblocks the listener if nobody has connected.
    drop(TcpStream::connect(address));
    drop(waiting.join());
    outcome
}

/// Waits for the request while the function is alive.
fn until(
    leash: &Leash,
    begun: Instant,
    asked: &mpsc::Receiver<Result<(Instant, String)>>,
) -> Result<Duration> {
    while begun.elapsed() < PATIENCE {
        match asked.recv_timeout(BEAT) {
            Ok(first) => {
                let (when, line) = first?;
                ensure!(
                    line.starts_with("GET ") && line.contains(NEXT),
                    "the function asked for {line:?} first"
                );
                return Ok(when.duration_since(begun));
            }
            Err(_) => {
                if let Some(status) = leash.ended()? {
                    bail!(
                        "it {} before it asked for an event",
                        child::describe(status)
                    );
                }
            }
        }
    }
    bail!(
        "it did not ask for an event within {} s",
        PATIENCE.as_secs()
    )
}

/// The first line of the first request, and when it arrived.
fn first_line(listener: &TcpListener) -> Result<(Instant, String)> {
    let (stream, _) = listener.accept().context("nobody can connect")?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .context("a connection cannot wait")?;
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .context("the function said nothing")?;
    Ok((Instant::now(), line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn one_that_asks_for_nothing_is_told_so() {
        let recipe = Recipe::new("sh", ["-c", "exit 7"]);
        let error = time(&recipe, &Output::Lost).unwrap_err();
        assert!(error.to_string().contains("exit code 7"), "{error}");
    }
}
