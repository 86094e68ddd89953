//! The command line: what can be typed, and the help for it. Knows nothing of what the commands do.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Serverless functions written once in Rust, run unchanged on every vendor.
#[derive(Debug, Parser)]
#[command(name = "guru", version, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// What to do; without one, this help.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const AFTER_HELP: &str = "\
Examples:
  guru setup           get what is missing on this machine
  guru test            get what is missing, then run every test
  guru dev --on lambda serve the example as AWS Lambda does
  guru build --on cloudflare
                       make the example ready for a vendor

Environment:
  GURU_HOME            where everything but system packages goes
                       [default: $XDG_CACHE_HOME/guru or ~/.cache/guru]
  NO_COLOR             no colours, whatever the terminal

Exit codes:
  0  all went well
  1  something failed or is missing; the last lines say what
  2  the command line was wrong
  130  stopped by Ctrl-C";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find, or install, every toolchain and tool that the other commands need
    Setup(Setup),
    /// Set up what is missing, then run every test there is
    Test(Test),
    /// Make a function ready for one vendor
    Build(Build),
    /// Serve a function over HTTP on this machine, under a vendor's own runtime
    Dev(Dev),
}

/// The options of `guru setup`.
#[derive(Debug, clap::Args)]
#[command(after_help = SETUP_HELP)]
pub(crate) struct Setup {
    /// Change nothing; say what is missing and how to get it
    #[arg(long)]
    pub(crate) check: bool,
    /// Print the result as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

const SETUP_HELP: &str = "\
Everything but system packages goes into GURU_HOME; a second run only looks.
Each step's whole output is kept in GURU_HOME/log.

Examples:
  guru setup
  guru setup --check
  guru setup --check --json | jq '.items[] | select(.state == \"missing\")'
  GURU_HOME=/tmp/guru guru setup

Exit codes:
  0  everything that is required is there
  1  something required is missing, or could not be installed
  2  the command line was wrong";

/// The options of `guru test`.
#[derive(Debug, clap::Args)]
#[command(after_help = TEST_HELP)]
pub(crate) struct Test {
    /// Run the conformance vectors on these targets only
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub(crate) on: Vec<String>,
    /// Fail when one of these targets cannot run here, instead of showing it as `not run`
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub(crate) require: Vec<String>,
    /// Write the matrix as measured into docs/portability.md
    #[arg(long)]
    pub(crate) docs: bool,
    /// Take the machine as it is
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// Go on after a failed step
    #[arg(long)]
    pub(crate) keep_going: bool,
}

const TEST_HELP: &str = "\
The conformance report is written to the `conformance` folder of cargo's target folder.

Examples:
  guru test
  guru test --on local
  guru test --require local --keep-going
  guru test --no-setup

Exit codes:
  0  every step passed
  1  a step failed; the table at the end says which
  2  the command line was wrong";

/// The options of `guru build`.
#[derive(Debug, clap::Args)]
#[command(after_help = BUILD_HELP)]
pub(crate) struct Build {
    /// The function's package [default: the one of the current folder, else the example]
    pub(crate) function: Option<String>,
    /// The vendor
    #[arg(long, value_name = "VENDOR")]
    pub(crate) on: Vendor,
    /// Where the result goes [default: build/VENDOR/FUNCTION at the top of the workspace]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}

/// Where a function can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Vendor {
    /// Cloudflare Workers
    Cloudflare,
    /// Spin, and every other host of WASI 0.3 HTTP components
    Spin,
    /// AWS Lambda
    Lambda,
}

impl Vendor {
    /// The name, as typed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cloudflare => "cloudflare",
            Self::Spin => "spin",
            Self::Lambda => "lambda",
        }
    }
}

const BUILD_HELP: &str = "\
Nothing is downloaded but what cargo has not got yet. wrangler.toml and spin.toml run this by themselves.

Examples:
  guru build --on cloudflare
  guru build --on spin
  guru build --on lambda
  guru build probe --on cloudflare --out /tmp/probe

Exit codes:
  0  the result is there
  1  it could not be built; the last lines say why
  2  the command line was wrong";

/// The options of `guru dev`.
#[derive(Debug, clap::Args)]
#[command(after_help = DEV_HELP)]
pub(crate) struct Dev {
    /// The function's package [default: the one of the current folder, else the example]
    pub(crate) function: Option<String>,
    /// The runtime
    #[arg(long, value_name = "RUNTIME", default_value = "local")]
    pub(crate) on: Runtime,
    /// The port to listen on
    #[arg(short, long, env = "PORT", default_value_t = 5000)]
    pub(crate) port: u16,
    /// What stands in front of a Lambda function: rest, http, url, alb or alb-single
    #[arg(long, value_name = "FRONT", default_value = "url", value_parser = ["rest", "http", "url", "alb", "alb-single"])]
    pub(crate) front: String,
}

/// What a function can run under on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// The native server
    Local,
    /// workerd, under `wrangler dev`
    Cloudflare,
    /// Spin, under `spin up`
    Spin,
    /// Wasmtime, in Guru's own host of WASI 0.3 components
    Wasi,
    /// AWS's emulator of Lambda
    Lambda,
}

const DEV_HELP: &str = "\
The runtime itself serves: what it prints is shown, and Ctrl-C ends it.
With --front rest or http the URL has the stage in it, as on AWS.

Examples:
  guru dev
  guru dev --on wasi --port 8080
  guru dev --on lambda --front http
  guru dev probe --on spin

Environment:
  WRANGLER_BIN, SPIN_BIN, LAMBDA_RIE_BIN
                       a vendor's program, in place of the one that is found

Exit codes:
  0  stopped
  1  it could not be built or started; the last lines say why
  2  the command line was wrong";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn targets_are_separated_by_commas() {
        let args = Args::parse_from(["guru", "test", "--on", "local,wasi", "--on", "spin"]);
        match args.command {
            Some(Command::Test(test)) => {
                assert_eq!(test.on, ["local", "wasi", "spin"]);
                assert!(!test.no_setup && !test.keep_going);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_subcommand_helps_with_examples_and_exit_codes() {
        for command in Args::command().get_subcommands() {
            let help = command.get_after_help().unwrap().to_string();
            assert!(help.contains("Examples:"), "{}", command.get_name());
            assert!(help.contains("Exit codes:"), "{}", command.get_name());
        }
    }
}
