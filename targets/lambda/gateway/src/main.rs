//! `guru-gateway`: serves a Lambda function over HTTP on this machine, in place of the AWS service that would receive
//! the HTTP request.
//!
//! API Gateway, Function URLs and load balancers cannot be run locally. This program imitates them, based on live
//! captures of their events and on AWS's documentation, with a link for each rule. The function itself runs under
//! AWS's own Runtime Interface Emulator, or, where its answers are streamed, which the emulator cannot show, under a
//! runtime API of this program's.

mod account;
mod answer;
mod emulator;
mod event;
mod invoke;
mod runtime;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};

use account::Account;
use emulator::Function;
use invoke::Api;
use serve::Maker;

/// Serves a Lambda function over HTTP, under AWS's Runtime Interface Emulator, or with a stand-in for it that streams.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Example:
  $ guru-gateway --front http --emulator aws-lambda-rie-x86_64 --bootstrap dist/lambda/meditations/bootstrap
  listening on http://127.0.0.1:41233/prod

Variables of this process's environment that begin with GURU_ are the function's too, and those that GURU_SETTINGS names. \
Stops on SIGINT (Ctrl-C) and SIGTERM. \
Exits with 0 after that, 1 when the function cannot be served, 2 for a wrong option."
)]
struct Arguments {
    /// What stands in front of the function
    #[arg(long, value_enum)]
    front: Place,
    /// AWS's Runtime Interface Emulator; a front that streams needs none
    #[arg(long, value_name = "FILE")]
    emulator: Option<PathBuf>,
    /// The function's bootstrap
    #[arg(long, value_name = "FILE")]
    bootstrap: PathBuf,
    /// An emulator of AWS for the function's stores, `ministack`, which has nothing in it when it starts
    #[arg(long, value_name = "FILE")]
    aws: Option<PathBuf>,
    /// The name by which the function calls itself: there is an API of Lambda for it then
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Name or address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Port to listen on; 0 picks a free one
    #[arg(short, long, env = "PORT", default_value_t = 0)]
    port: u16,
    /// Functions that run at once, each under an emulator of its own, which takes one request at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
}

/// What stands in front of the function, and how it takes answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Place {
    /// API Gateway's REST API, stage `prod`, with `*/*` as binary media type
    Rest,
    /// The same, with the response transfer mode STREAM
    RestStream,
    /// API Gateway's HTTP API, stage `prod`, with payloads of version 2.0
    Http,
    /// A Function URL
    Url,
    /// A Function URL with the invoke mode `RESPONSE_STREAM`
    UrlStream,
    /// An Application Load Balancer, with multi-value headers
    Alb,
    /// An Application Load Balancer, with single-value headers
    AlbSingle,
}

impl Place {
    /// The front end, and whether it streams.
    const fn parts(self) -> (Front, bool) {
        match self {
            Self::Rest => (Front::Rest, false),
            Self::RestStream => (Front::Rest, true),
            Self::Http => (Front::Http, false),
            Self::Url => (Front::Url, false),
            Self::UrlStream => (Front::Url, true),
            Self::Alb => (Front::Alb, false),
            Self::AlbSingle => (Front::AlbSingle, false),
        }
    }
}

/// What stands in front of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    Rest,
    Http,
    Url,
    Alb,
    AlbSingle,
}

impl Front {
    /// The stage, if there is one. It is part of every URL, as on AWS without a custom domain.
    const fn stage(self) -> Option<&'static str> {
        match self {
            Self::Rest | Self::Http => Some("prod"),
            Self::Url | Self::Alb | Self::AlbSingle => None,
        }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guru-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the system refused what a server needs")?;
    runtime.block_on(async {
        let workers = usize::from(arguments.workers);
        let (front, streams) = arguments.front.parts();
        let account = match &arguments.aws {
            Some(program) => Some(Account::start(program).await?),
            None => None,
        };
        let mut environment = account
            .as_ref()
            .map(Account::environment)
            .unwrap_or_default();
        let api = match arguments.function {
            Some(name) => Some(Api::bind(name).await?),
            None => None,
        };
        if let Some(api) = &api {
            environment.extend(api.environment()?);
        }
        let emulator = arguments.emulator.filter(|_| !streams);
        ensure!(
            streams || emulator.is_some(),
            "--emulator is missing: it names AWS's Runtime Interface Emulator"
        );
        let maker = Maker {
            function: Function {
                bootstrap: arguments.bootstrap,
                environment,
            },
            emulator,
            workers,
        };
        let backend = maker.backend().await?;
        if let Some(api) = api {
            tokio::spawn(api.serve(maker));
        }
        let place = (arguments.host.as_str(), arguments.port);
        tokio::select! {
            served = serve::serve(front, backend, place) => served,
            stopped = stop() => stopped,
        }
    })
}

/// Resolves at SIGINT or SIGTERM.
#[cfg(unix)]
async fn stop() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be waited for")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be waited for")?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Resolves at Ctrl-C.
#[cfg(not(unix))]
async fn stop() -> Result<()> {
    tokio::signal::ctrl_c()
        .await
        .context("Ctrl-C cannot be waited for")
}
