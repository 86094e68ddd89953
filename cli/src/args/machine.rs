//! The options of the commands that work on this machine.

use std::path::PathBuf;

use clap_complete::Shell;

use crate::targets::Target;

/// The options of `guru setup`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = SETUP_HELP)]
pub struct Setup {
    /// Only what these targets need, to run here and to be deployed to [default: everything]
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub on: Vec<Target>,
    /// Change nothing; say what is missing and how to get it
    #[arg(long)]
    pub check: bool,
    /// Print the result as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

const SETUP_HELP: &str = "\
Everything but system packages goes into GURU_HOME; a second run only looks.
Each step's whole output is kept in GURU_HOME/log.

Examples:
  guru setup
  guru setup --on cloudflare
  guru setup --check
  guru setup --check --json | jq '.items[] | select(.state == \"missing\")'
  GURU_HOME=/tmp/guru guru setup

Exit codes:
  0  everything that is required is there
  1  something required is missing, or could not be installed
  2  the command line was wrong";

/// The options of `guru test`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = TEST_HELP)]
pub struct Test {
    /// Run the conformance vectors on these targets only
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub on: Vec<String>,
    /// Fail when one of these targets, or steps, cannot run here, instead of showing it as `not run`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub require: Vec<String>,
    /// Run only these steps, by the names in the table at the end
    #[arg(long, value_name = "STEPS", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Skip the setup and use the machine as it is
    #[arg(long)]
    pub no_setup: bool,
    /// Continue after a failed step
    #[arg(long)]
    pub keep_going: bool,
}

const TEST_HELP: &str = "\
The function's own tests, its builds for every target, and the conformance vectors that hold for any function on every target
that runs here. In Guru's own workspace this is `cargo xtask test`, which has more steps.
The conformance report is written to the `conformance` folder of cargo's target folder.

Examples:
  guru test
  guru test --on local
  guru test --require local --keep-going
  guru test --no-setup
  guru test --only conform

Exit codes:
  0  every step passed
  1  a step failed; the table at the end says which
  2  the command line was wrong";

/// The options of `guru conform`.
#[derive(Debug, clap::Args)]
#[command(after_help = CONFORM_HELP)]
pub struct Conform {
    /// A deployed copy of the probe to drive, instead of starting runtimes here
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// These targets only; with --url, the one that the probe was deployed to
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub on: Vec<String>,
    /// Fail when one of these targets cannot run here, instead of showing it as `not run`
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub require: Vec<String>,
}

const CONFORM_HELP: &str = "\
In a project: the vectors that hold for any function, against the project's own. In Guru's own workspace, and with --url:
all of them, against the probe.
Targets: local, cloudflare, spin, spin-alone, wasi, lambda-rest, -http, -url, -alb, -rest-stream, -url-stream.

Examples:
  guru conform
  guru conform --on local,lambda-rest --require lambda-rest
  guru conform --url https://probe.example.workers.dev --on cloudflare

Exit codes:
  0  every case passed that could run
  1  a case failed, or a required target cannot run; the report says which
  2  the command line was wrong";

/// The options of `guru doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = DOCTOR_HELP)]
pub struct Doctor {
    /// Check these targets: exit with 1 when one of them cannot run here
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub on: Vec<Target>,
    /// Print the result as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

const DOCTOR_HELP: &str = "\
Looks, and changes nothing. A login is looked for, not tried. It reports on this machine, and with --on it judges; it always
judges the project in the current folder.

Examples:
  guru doctor
  guru doctor --on cloudflare
  guru doctor --json | jq '.targets[] | select(.dev == false)'

Exit codes:
  0  told; with --on: each of those targets runs here
  1  with --on: one of them lacks something; or cargo does not find the guru of this project
  2  the command line was wrong";

/// The options of `guru completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  guru completions bash > ~/.local/share/bash-completion/completions/guru
  guru completions zsh > ~/.zfunc/_guru
  guru completions fish > ~/.config/fish/completions/guru.fish

Exit codes:
  0  printed
  2  the command line was wrong";

/// The options of `guru man`.
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_HELP)]
pub struct Man {
    /// Write guru.1 and a page for each command into this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

const MAN_HELP: &str = "\
Examples:
  guru man | man -l -
  guru man --out ~/.local/share/man/man1

Exit codes:
  0  printed, or written
  1  the folder cannot be written to
  2  the command line was wrong";
