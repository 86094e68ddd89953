//! The command line and its help texts.

mod aws;
mod data;
mod function;
mod machine;
mod options;

use clap::{Parser, Subcommand};

pub use aws::{Aws, FunctionUrl};
pub use data::{Data, DataCommand, Wanted};
pub use function::{Build, Deploy, Dev, Features, New, Template};
pub use machine::{Completions, Conform, Doctor, Man, Setup, Test};
pub use options::{DeployOptions, DevOptions, Stage};

/// Serverless functions written once in Rust, run unchanged on every vendor.
#[derive(Debug, Parser)]
#[command(name = "guru", version, after_help = AFTER_HELP)]
pub struct Args {
    /// What to do; without one, this help.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const AFTER_HELP: &str = "\
Examples:
  guru new hello       a function of your own, in a new folder
  guru dev             serve it, and again after each change
  guru dev --on lambda serve it as AWS Lambda does
  guru build           make it ready for every vendor, in dist
  guru deploy --on aws --email you@example.com
                       deploy it
  guru test            get what is missing on this machine, then run every test

Environment:
  GURU_HOME            where everything but system packages goes
                       [default: $XDG_CACHE_HOME/guru or ~/.cache/guru]
  GURU_SOURCE          a folder of Guru's own sources, in place of the registry: for functions
                       whose manifest names a version of guru, and for what hosts them
  NO_COLOR             no colours, whatever the terminal

Exit codes:
  0  all went well
  1  something failed or is missing; the last lines say what
  2  the command line was wrong
  130  stopped by Ctrl-C";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a function in a new folder
    New(New),
    /// Serve a function over HTTP on this machine, under a vendor's own runtime, and again after each change
    Dev(Dev),
    /// Build a function for its vendors
    Build(Build),
    /// Deploy a function with its vendor's own tool
    Deploy(Deploy),
    /// List, export and import what a function keeps
    Data(Data),
    /// Set up what is missing, then run every test there is
    Test(Test),
    /// Prove that a function, or a deployed probe, keeps the portable contract
    Conform(Conform),
    /// Find, or install, every toolchain and tool that the other commands need
    Setup(Setup),
    /// Show what this machine has, what each target still needs, and how to get it
    Doctor(Doctor),
    /// Print the completions for a shell
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
}

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
