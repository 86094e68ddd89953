//! `guru dev`: a function served over HTTP on this machine, under a runtime that its vendor made, and again after each change.
//! Knows how each runtime is started, not what it does.

mod port;
mod watch;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    args::{self, Target},
    build::{self, Scene},
    cargo, child,
    console::Console,
    home::Home,
    leash::Leash,
    setup::{emulator, wrangler},
    surroundings, tool,
    workspace::Workspace,
};

use watch::Watch;

/// How often the runtime is asked whether it still runs while nothing changes.
const BEAT: Duration = Duration::from_millis(200);

/// Builds the function and serves it.
pub(crate) fn run(home: &Home, console: Console, options: &args::Dev) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let session = Session {
        scene: Scene {
            home,
            console,
            workspace: &workspace,
            function: build::choose(&workspace, options.function.as_deref(), &here)?,
            is_release: false,
        },
        options,
    };
    port::check(console, options.port)?;
    if options.on == Target::Cloudflare {
        // It looks for changes by itself.
        return hand_over(&mut session.cloudflare()?);
    }
    if options.no_watch {
        return hand_over(&mut session.make()?.command);
    }
    session.serve_and_watch()
}

/// One function under one runtime.
struct Session<'a> {
    scene: Scene<'a>,
    options: &'a args::Dev,
}

/// A build, and what serves it.
struct Built {
    command: Command,
    /// The same for the same build.
    hash: String,
}

impl Session<'_> {
    fn serve_and_watch(&self) -> Result<bool> {
        let console = self.scene.console;
        // What no change of a source can mend ends it at once.
        match self.options.on {
            Target::Spin => drop(self.spin()?),
            Target::Lambda => drop(self.emulator()?),
            Target::Local | Target::Cloudflare | Target::Wasi => {}
        }
        let watch = Watch::start(self.scene.workspace, self.scene.function)?;
        let mut serving: Option<(Leash, String)> = None;
        let mut has_served = false;
        loop {
            match self.make() {
                Ok(built) => {
                    let is_same = serving
                        .as_ref()
                        .is_some_and(|(_, hash)| *hash == built.hash);
                    if !is_same {
                        // The port is free again only when the one before is gone.
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
            .strip_prefix(self.scene.workspace.root())
            .unwrap_or(path);
        path.display().to_string()
    }

    /// Builds what the runtime runs.
    fn make(&self) -> Result<Built> {
        let Session { scene, options } = self;
        let port = options.port.to_string();
        let folder = || build::dist(scene.workspace, options.on, scene.function);
        let build = || -> Result<PathBuf> {
            let files = scene.build(options.on, &folder())?;
            files.into_iter().next().context("a build made no file")
        };
        let (mut command, file) = match options.on {
            Target::Local => {
                let program = build()?;
                let mut command = surroundings::command(&program);
                command.current_dir(scene.workspace.root());
                (command, program)
            }
            Target::Spin => (self.spin()?, build()?),
            Target::Wasi => {
                let compiled = scene.compile(options.on)?;
                let mut command = Command::new(cargo::HOST.build(scene.workspace, false)?);
                command.arg("serve").arg(&compiled);
                (command, compiled)
            }
            Target::Lambda => {
                let compiled = scene.compile(options.on)?;
                let mut command = self.lambda()?;
                command.env("GURU_COMPONENT", &compiled);
                (command, compiled)
            }
            Target::Cloudflare => bail!("wrangler builds by itself"),
        };
        if options.on != Target::Spin {
            command.args(["--port", &port]);
        }
        let mut hash = build::Artefact::read(options.on, file)?.sha256;
        if options.on == Target::Spin {
            // What the runtime is told of the function counts as well.
            hash += &build::Artefact::read(options.on, self.manifest("spin.toml")?)?.sha256;
        }
        Ok(Built { command, hash })
    }

    fn cloudflare(&self) -> Result<Command> {
        let wrangler = tool::find("WRANGLER_BIN", || {
            wrangler::program(self.scene.home, "wrangler")
        });
        let wrangler = wrangler.context(
            "wrangler is not installed: `guru setup` gets it, or name one in WRANGLER_BIN",
        )?;
        let mut command = Command::new(wrangler);
        command
            .current_dir(self.scene.workspace.root())
            .args(["dev", "--local", "--ip", "127.0.0.1", "--port"])
            .arg(self.options.port.to_string())
            .arg("--config")
            .arg(self.manifest("wrangler.toml")?)
            .env(build::DEV, "1")
            .env("PATH", tool::path_with_guru()?);
        Ok(command)
    }

    fn spin(&self) -> Result<Command> {
        let spin = tool::find("SPIN_BIN", || which::which("spin").ok());
        let spin = spin.context(
            "spin is not on PATH: install it as https://spinframework.dev says, or name one in SPIN_BIN",
        )?;
        let mut command = Command::new(spin);
        command
            .args(["up", "--listen"])
            .arg(format!("127.0.0.1:{}", self.options.port))
            .arg("--from")
            .arg(self.manifest("spin.toml")?);
        Ok(command)
    }

    fn emulator(&self) -> Result<PathBuf> {
        let emulator = tool::find("LAMBDA_RIE_BIN", || emulator::program(self.scene.home));
        emulator.context(
            "AWS's emulator of Lambda is not installed: `guru setup` gets it, or name one in LAMBDA_RIE_BIN",
        )
    }

    fn lambda(&self) -> Result<Command> {
        let emulator = self.emulator()?;
        let workspace = self.scene.workspace;
        let bootstrap = cargo::BOOTSTRAP.build(workspace, false)?;
        let mut command = Command::new(cargo::GATEWAY.build(workspace, false)?);
        command
            .args(["--front", &self.options.front, "--emulator"])
            .arg(emulator)
            .arg("--bootstrap")
            .arg(bootstrap);
        Ok(command)
    }

    fn manifest(&self, name: &str) -> Result<PathBuf> {
        let found = self.scene.workspace.manifest(self.scene.function, name);
        found.with_context(|| {
            format!(
                "{} has no {name}: put one into its folder",
                self.scene.function
            )
        })
    }
}

fn start(mut command: Command) -> Result<Leash> {
    let spelt = child::spell(&command);
    let started = Leash::family(command.stdin(Stdio::null()));
    started.with_context(|| format!("cannot start `{spelt}`"))
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
