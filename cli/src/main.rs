//! The `guru` command: reads the arguments, runs one subcommand, and turns its outcome into an exit code.
//! Knows no step of any subcommand.

mod args;
mod bench;
mod build;
mod cargo;
mod child;
mod conform;
mod console;
mod deploy;
mod dev;
mod doctor;
mod files;
mod gauge;
mod home;
mod interrupt;
mod leash;
mod manual;
mod new;
mod setup;
mod stamp;
mod surroundings;
mod test;
mod tool;
mod version;
mod wait;
mod workerd;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, Parser as _};

use crate::{
    args::{Args, Command},
    console::Console,
    home::Home,
};

fn main() -> ExitCode {
    let outcome = run(Args::parse());
    interrupt::give_way();
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well, and was there.
fn run(args: Args) -> Result<bool> {
    interrupt::handle()?;
    tool::own()?;
    let console = Console::new();
    match args.command {
        None => {
            Args::command().print_help()?;
            Ok(true)
        }
        Some(Command::Setup(options)) => {
            let home = Home::from_env()?;
            let scope = setup::Scope::of(&options.on);
            if options.check {
                Ok(setup::check(&home, scope, options.json))
            } else {
                setup::install(&home, console, scope, options.json)
            }
        }
        Some(Command::New(options)) => new::run(console, &options),
        Some(Command::Completions(options)) => manual::completions(&options),
        Some(Command::Man(options)) => manual::man(&options),
        Some(Command::Deploy(options)) => deploy::run(&Home::from_env()?, console, &options),
        Some(Command::Bench(options)) => bench::run(&Home::from_env()?, console, &options),
        Some(Command::Conform(options)) => conform::run(&options),
        Some(Command::Doctor(options)) => Ok(doctor::run(&Home::from_env()?, &options)),
        Some(Command::Dev(options)) => dev::run(&Home::from_env()?, console, &options),
        Some(Command::Build(options)) => build::run(&Home::from_env()?, console, &options),
        Some(Command::Test(options)) => test::run(&Home::from_env()?, console, &options),
    }
}
