//! `guru dev`: a function served over HTTP on this machine, under a runtime that its vendor made. Knows how each is started, not
//! what it does.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use crate::{
    args::{self, Runtime},
    build, cargo, child,
    console::Console,
    home::Home,
    setup::{emulator, wrangler},
    surroundings,
    workspace::Workspace,
};

/// Builds the function and hands over to its runtime.
pub(crate) fn run(home: &Home, console: Console, options: &args::Dev) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let function = build::choose(&workspace, options.function.as_deref(), &here)?;
    let port = options.port.to_string();
    let mut command = match options.on {
        Runtime::Local => local(&workspace, function, &port),
        Runtime::Cloudflare => cloudflare(home, &workspace, function, &port)?,
        Runtime::Spin => spin(&workspace, function, &port)?,
        Runtime::Wasi => {
            let compiled = build::compiled(home, console, &workspace, function)?;
            let mut command = Command::new(cargo::HOST.build(&workspace, false)?);
            command.arg("serve").arg(compiled).args(["--port", &port]);
            command
        }
        Runtime::Lambda => {
            let compiled = build::compiled(home, console, &workspace, function)?;
            let mut command = lambda(home, &workspace, options)?;
            command
                .env("GURU_COMPONENT", compiled)
                .args(["--port", &port]);
            command
        }
    };
    hand_over(&mut command)
}

fn local(workspace: &Workspace, function: &str, port: &str) -> Command {
    let mut command = surroundings::command("cargo");
    command.current_dir(workspace.root()).args([
        "run",
        "--package",
        function,
        "--",
        "--port",
        port,
    ]);
    command
}

fn cloudflare(home: &Home, workspace: &Workspace, function: &str, port: &str) -> Result<Command> {
    let wrangler = named("WRANGLER_BIN").or_else(|| wrangler::program(home, "wrangler"));
    let wrangler = wrangler
        .context("wrangler is not installed: `guru setup` gets it, or name one in WRANGLER_BIN")?;
    let mut command = Command::new(wrangler);
    command
        .current_dir(workspace.root())
        .args(["dev", "--local", "--port", port, "--config"])
        .arg(manifest(workspace, function, "wrangler.toml")?);
    Ok(command)
}

fn spin(workspace: &Workspace, function: &str, port: &str) -> Result<Command> {
    let spin = named("SPIN_BIN").or_else(|| which::which("spin").ok());
    let spin = spin.context(
        "spin is not on PATH: install it as https://spinframework.dev says, or name one in SPIN_BIN",
    )?;
    let mut command = Command::new(spin);
    command
        .args(["up", "--build", "--listen"])
        .arg(format!("127.0.0.1:{port}"))
        .arg("--from")
        .arg(manifest(workspace, function, "spin.toml")?);
    Ok(command)
}

fn lambda(home: &Home, workspace: &Workspace, options: &args::Dev) -> Result<Command> {
    let emulator = named("LAMBDA_RIE_BIN").or_else(|| emulator::program(home));
    let emulator = emulator.context(
        "AWS's emulator of Lambda is not installed: `guru setup` gets it, or name one in LAMBDA_RIE_BIN",
    )?;
    let bootstrap = cargo::BOOTSTRAP.build(workspace, false)?;
    let mut command = Command::new(cargo::GATEWAY.build(workspace, false)?);
    command
        .args(["--front", &options.front, "--emulator"])
        .arg(emulator)
        .arg("--bootstrap")
        .arg(bootstrap);
    Ok(command)
}

/// A program that the user names.
fn named(variable: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).filter(|named| !named.is_empty())?;
    Some(named.into())
}

fn manifest(workspace: &Workspace, function: &str, name: &str) -> Result<PathBuf> {
    let found = workspace.manifest(function, name);
    found.with_context(|| format!("{function} has no {name}: put one into its folder"))
}

/// Becomes the runtime, so that whoever stops this stops that.
#[cfg(unix)]
fn hand_over(command: &mut Command) -> Result<bool> {
    use std::os::unix::process::CommandExt as _;

    let error = command.stdin(Stdio::inherit()).exec();
    Err(error).with_context(|| format!("cannot start `{}`", child::spell(command)))
}

#[cfg(not(unix))]
fn hand_over(command: &mut Command) -> Result<bool> {
    let spelt = child::spell(command);
    let status = command.stdin(Stdio::inherit()).status();
    let status = status.with_context(|| format!("cannot start `{spelt}`"))?;
    if !status.success() {
        anyhow::bail!("`{spelt}` {}", child::describe(status));
    }
    Ok(true)
}
