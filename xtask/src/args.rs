//! The command line and its help texts.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use guru_cli::targets::Target;
use serde::{Deserialize, Serialize};

/// Tools for work on Guru itself
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask test --only tests
  cargo xtask setup
  cargo xtask bench --quick

`cargo guru` with any of these words does the same.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Get what is missing on this machine, then run every test there is
    Test(TestAll),
    /// Find, or install, every toolchain and tool that tests and benchmarks need
    Setup(guru_cli::args::Setup),
    /// Measure the example against the same function implemented by other means
    Bench(Bench),
}

/// The options of `cargo xtask test`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = TEST_HELP)]
pub(crate) struct TestAll {
    #[command(flatten)]
    pub(crate) common: guru_cli::args::Test,
    /// Write the matrix as measured into docs/portability.md
    #[arg(long)]
    pub(crate) docs: bool,
}

const TEST_HELP: &str = "\
Everything there is, in steps, with a table of them at the end. With nothing built before it takes over half an hour on two
cores, then some fifteen minutes. The conformance report is written to the `conformance` folder of cargo's target folder.

Examples:
  cargo xtask test
  cargo xtask test --on local,wasi
  cargo xtask test --require local --keep-going
  cargo xtask test --no-setup --only tests,budget
  cargo xtask test --only fuzz

Exit codes:
  0  every step passed
  1  a step failed; the table at the end says which
  2  the command line was wrong";

/// A vendor that is known to exist.
pub(crate) fn target(name: &str) -> Target {
    #[expect(
        clippy::expect_used,
        reason = "the names are in this program's own text"
    )]
    Target::named(name).expect("a vendor of the registry")
}

/// The options of `guru bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = BENCH_HELP)]
pub(crate) struct Bench {
    /// Measure these groups only
    #[arg(long, value_name = "GROUPS", value_delimiter = ',')]
    pub(crate) only: Vec<Group>,
    /// How often each is measured, in turn with its counterpart
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// How long each load lasts, in seconds
    #[arg(long, value_name = "S", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) seconds: u32,
    /// How many connections each load has
    #[arg(long, value_name = "C", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) connections: u32,
    /// Where the report goes: report.json, report.md and index.html. For a whole run bench/report, unless said
    /// otherwise; for a part of one, or a quick one, a folder beside what is built
    #[arg(long, value_name = "FOLDER")]
    pub(crate) report: Option<PathBuf>,
    /// Two rounds of a second, to see that everything works; the numbers mean little
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    pub(crate) quick: bool,
    /// Skip the setup and use the machine as it is
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// Measure nothing: show an earlier report.json again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "rounds", "seconds", "connections", "quick"])]
    pub(crate) from: Option<PathBuf>,
}

/// A group of measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    /// The bytes of what is deployed
    Size,
    /// Cloudflare's runtime
    Workerd,
    /// Hosts of WASI 0.3 HTTP components
    Wasi,
    /// AWS Lambda, under AWS's own emulator
    Lambda,
    /// Native servers
    Local,
    /// Streams, and requests to another server
    Streams,
    /// The portable core by itself
    Core,
}

impl Group {
    /// All groups, in the order in which they are measured and reported.
    pub(crate) const ALL: [Self; 7] = [
        Self::Size,
        Self::Workerd,
        Self::Wasi,
        Self::Lambda,
        Self::Local,
        Self::Streams,
        Self::Core,
    ];

    /// The name, as typed on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Workerd => "workerd",
            Self::Wasi => "wasi",
            Self::Lambda => "lambda",
            Self::Local => "local",
            Self::Streams => "streams",
            Self::Core => "core",
        }
    }
}

const BENCH_HELP: &str = "\
The example beside the same function written by others' means, on the same runtimes, in turn, and the suite's probe beside others'
streams. It takes about three quarters of an hour, the first time over an hour, and wants a machine that does nothing else. What is missing here and can be got is installed into GURU_HOME;
what cannot is shown as `not run`. A bar that is missed is shown as missed; it is no failure.

Examples:
  guru bench --quick
  guru bench
  guru bench --only size,workerd --rounds 11 --no-setup
  guru bench --from bench/report/report.json --report /tmp/again

Environment:
  WORKERD_BIN, WASMTIME_BIN, SPIN_BIN, LAMBDA_RIE_BIN
                       a runtime, in place of the one that is found

Exit codes:
  0  all that can run here was measured
  1  something could not be built, started or measured; the report says what
  2  the command line was wrong";
