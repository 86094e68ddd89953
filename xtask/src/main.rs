//! `cargo xtask`: the tools for work on Guru itself. Parses the arguments, runs one subcommand and maps its result to an exit
//! code.

mod args;
mod aws;
mod bench;
mod budget;
mod context;
mod data;
mod gauge;
mod guru;
mod links;
mod new;
mod openapi;
mod others;
mod packed;
mod realworld;
mod server;
mod setup;
mod steps;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use guru_cli::{artefacts, targets};
use guru_toolbox::{
    apt, cargo, child, console, files, home, interrupt, leash, stamp, surroundings, tool, version,
    workspace,
};

use crate::{
    args::{Args, Command},
    console::Console,
    home::Home,
};

fn main() -> ExitCode {
    let outcome = run(&Args::parse().command);
    interrupt::give_way();
    console::exit_code(outcome)
}

/// Runs the subcommand. Returns false when it has reported a failure itself.
fn run(command: &Command) -> Result<bool> {
    interrupt::handle()?;
    tool::own()?;
    let (home, console) = (Home::from_env()?, Console::new());
    match command {
        Command::Test(options) => test::run(&home, console, options),
        Command::Bench(options) => bench::run(&home, console, options),
        Command::Setup(options) => Ok(setup::run(&home, console, options)?),
    }
}
