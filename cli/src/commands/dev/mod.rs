//! `guru dev`: serves a function on this machine under its vendor's runtime, and rebuilds it after each change.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::{CommandFactory as _, error::ErrorKind};
use sha2::{Digest as _, Sha256};

use crate::{
    args,
    artefacts::{self, BuildContext},
    child,
    console::Console,
    home::Home,
    leash::Leash,
    serving::{Session, settings},
    targets::{Serve, Target},
    workspace::Workspace,
};

use guru_toolbox::{port, watch::Watch};

/// How often the runtime is polled for its exit while nothing changes.
const BEAT: Duration = Duration::from_millis(200);

/// Builds and serves the function.
pub fn run(home: &Home, console: Console, options: &args::Dev) -> Result<bool> {
    refuse_names(options);
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let context = BuildContext {
        home,
        console,
        workspace: &workspace,
        function: artefacts::choose(&workspace, options.function.as_deref(), &here)?,
        is_release: options.release,
        features: &options.features,
        lacks: &options.on.lacks()?,
    };
    let dev = Dev {
        session: Session::new(context, &options.options),
        target: options.on,
        options,
    };
    port::check(console, options.options.port)?;
    // An error that no change of the sources can fix ends the command at once.
    dev.session.settings()?;
    options.on.check(home)?;
    if options.no_watch {
        return dev.serve_once();
    }
    dev.serve_and_watch()
}

/// Exits with a usage error. Clap would do so itself, but would print the value.
fn refuse_names(options: &args::Dev) {
    let keys = options
        .options
        .env
        .iter()
        .map(|said| said.split('=').next().unwrap_or_default());
    if let Some(fault) = keys.filter_map(settings::fault_of).next() {
        let fault = format!("--env: {fault}");
        args::Args::command()
            .error(ErrorKind::ValueValidation, fault)
            .exit();
    }
}

/// A function being served until the command ends.
struct Dev<'a> {
    session: Session<'a>,
    target: Target,
    options: &'a args::Dev,
}

impl Dev<'_> {
    fn serve_once(&self) -> Result<bool> {
        let mut command = self.make(false)?.command;
        if !self.session.has_more_to_do() {
            return hand_over(&mut command);
        }
        // Replacing this process would leave a generated manifest, or a server, behind.
        let spelt = program(&command);
        let running = Leash::spawn(command.stdin(Stdio::inherit()));
        let running = running.with_context(|| format!("cannot start `{spelt}`"))?;
        let status = running.wait().context("cannot ask the runtime how it is")?;
        if !status.success() {
            bail!(
                "the runtime {}; what it said is above",
                child::describe(status)
            );
        }
        Ok(true)
    }

    fn serve_and_watch(&self) -> Result<bool> {
        let console = self.session.context().console;
        let watch = Watch::start(
            self.session.context().workspace,
            self.session.context().function,
        )?;
        let mut serving: Option<(Leash, String)> = None;
        let mut has_served = false;
        loop {
            match self.make(true) {
                Ok(built) => {
                    let is_same = serving
                        .as_ref()
                        .is_some_and(|(_, hash)| *hash == built.hash);
                    if !is_same {
                        // The port is free again only once the previous runtime has exited.
                        drop(serving.take());
                        serving = Some((start(built.command)?, built.hash));
                    }
                }
                Err(error) => {
                    crate::interrupt::give_way();
                    eprintln!("error: {error:#}");
                    console.note(match serving {
                        Some(_) => "the last good build keeps serving; waiting for a change",
                        None => "waiting for a change",
                    });
                }
            }
            loop {
                if let Some(path) = watch.changed(BEAT) {
                    console.note(&format!("{} changed; building", self.relative(&path)));
                    break;
                }
                let Some((leash, _)) = &serving else { continue };
                let Some(status) = leash.ended().context("cannot ask the runtime how it is")?
                else {
                    has_served = true;
                    continue;
                };
                serving = None;
                let how = child::describe(status);
                match (status.success(), has_served) {
                    (true, _) => return Ok(true),
                    (false, false) => bail!("the runtime {how}; what it said is above"),
                    (false, true) => {
                        console.note(&format!("the runtime {how}; waiting for a change"));
                    }
                }
            }
        }
    }

    fn relative(&self, path: &Path) -> String {
        let path = path
            .strip_prefix(self.session.context().workspace.root())
            .unwrap_or(path);
        path.display().to_string()
    }

    /// Builds what the runtime runs. A build that replaces another is tried first.
    fn make(&self, is_tried: bool) -> Result<Built> {
        let settings = self.session.settings()?;
        let context = self.session.context();
        let folder =
            artefacts::development(context.workspace, self.target.name(), context.function);
        let served = self.target.serve(
            &self.session,
            &Serve {
                folder: &folder,
                settings: &settings,
                is_tried,
            },
        )?;
        let mut command = served.command;
        if let Some(option) = served.port {
            command.arg(option).arg(self.session.port().to_string());
        }
        command.args(&self.options.options.more);
        let mut all = Sha256::new();
        let migrations = self.session.migrations()?;
        let migrations = migrations.map(|all| all.hash()).transpose()?;
        let parts = served.parts.iter().chain(&migrations);
        for part in parts.chain([&settings.text()]) {
            all.update(part.len().to_le_bytes());
            all.update(part);
        }
        Ok(Built {
            command,
            hash: hex::encode(all.finalize()),
        })
    }
}

/// A build and the command that serves it.
struct Built {
    command: Command,
    /// Equal for the same build with the same settings, and for builds that the runtime itself swaps.
    hash: String,
}

fn start(mut command: Command) -> Result<Leash> {
    let spelt = program(&command);
    let started = Leash::family(command.stdin(Stdio::null()));
    started.with_context(|| format!("cannot start `{spelt}`"))
}

/// The program without its arguments, which may contain secrets.
fn program(command: &Command) -> String {
    child::quote(command.get_program())
}

/// Replaces this process with the runtime, so that signals reach it directly.
#[cfg(unix)]
fn hand_over(command: &mut Command) -> Result<bool> {
    use std::os::unix::process::CommandExt as _;

    let error = command.stdin(Stdio::inherit()).exec();
    Err(error).with_context(|| format!("cannot start `{}`", program(command)))
}

#[cfg(not(unix))]
fn hand_over(command: &mut Command) -> Result<bool> {
    let spelt = program(command);
    let status = command.stdin(Stdio::inherit()).status();
    let status = status.with_context(|| format!("cannot start `{spelt}`"))?;
    if !status.success() {
        anyhow::bail!("`{spelt}` {}", child::describe(status));
    }
    Ok(true)
}
