//! The `guru` command: parses the arguments, runs one subcommand and maps its result to an exit code.

use std::{env, process::ExitCode};

use anyhow::{Result, bail};
use clap::{CommandFactory as _, Parser as _};
use guru_cli::{
    args::{Args, Command},
    commands::{build, checks, conform, data, deploy, dev, doctor, manual, new, setup},
};
use guru_toolbox::{
    console::{self, Console},
    home::Home,
    interrupt,
    leash::Leash,
    tool,
    workspace::Workspace,
};

fn main() -> ExitCode {
    let outcome = if is_for_xtask() {
        xtask()
    } else {
        run(Args::parse())
    };
    interrupt::give_way();
    console::exit_code(outcome)
}

/// Runs the subcommand. Returns false when it has reported a failure itself.
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
        Some(Command::Data(options)) => data::run(&Home::from_env()?, console, &options),
        Some(Command::Conform(options)) => conform::run(&options),
        Some(Command::Doctor(options)) => Ok(doctor::run(&Home::from_env()?, &options)),
        Some(Command::Dev(options)) => dev::run(&Home::from_env()?, console, &options),
        Some(Command::Build(options)) => build::run(&Home::from_env()?, console, &options),
        Some(Command::Test(options)) => checks::run(&Home::from_env()?, console, &options),
    }
}

/// Subcommands that exist only in Guru's own workspace, or do more there.
const OURS: [&str; 3] = ["bench", "setup", "test"];

/// Whether the current folder is in Guru's own workspace and the subcommand belongs to `cargo xtask`.
fn is_for_xtask() -> bool {
    let word = env::args_os().nth(1).unwrap_or_default();
    let is_here = || Workspace::find().is_ok_and(|workspace| workspace.core().is_some());
    OURS.iter().any(|ours| word == *ours) && is_here()
}

/// Forwards the command line to `cargo xtask`.
fn xtask() -> Result<bool> {
    interrupt::handle()?;
    let workspace = Workspace::find()?;
    // In the current folder: relative arguments are relative to it.
    let mut cargo = guru_toolbox::cargo::native(&env::current_dir()?);
    cargo
        .args(["run", "--quiet", "--package", "xtask", "--manifest-path"])
        .arg(workspace.root().join("Cargo.toml"))
        .arg("--")
        .args(env::args_os().skip(1));
    let status = Leash::spawn(&mut cargo).and_then(|child| child.wait())?;
    match status.code() {
        Some(2) => std::process::exit(2),
        Some(code) => Ok(code == 0),
        None => bail!("`cargo xtask` was stopped"),
    }
}
