//! Runs cargo with its output shown, and returns the files it built.

use std::{
    env,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Artifact, Message, camino::Utf8PathBuf};

use crate::{child, home::Home, source::Source, surroundings, tool, workspace::Workspace};

/// Runs `cargo` and returns the path of the last artefact that `pick` selects.
pub fn make(
    cargo: &mut Command,
    pick: impl Fn(&Artifact) -> Option<Utf8PathBuf>,
) -> Result<Option<PathBuf>> {
    make_linked(cargo, None, pick)
}

/// The same for `cargo rustc`, which tells this to the linker of the package, and leaves the user's own flags as they are.
pub fn make_linked(
    cargo: &mut Command,
    linked: Option<&str>,
    pick: impl Fn(&Artifact) -> Option<Utf8PathBuf>,
) -> Result<Option<PathBuf>> {
    cargo.arg("--message-format=json-render-diagnostics");
    if let Some(linked) = linked {
        cargo.args(["--", &format!("-Clink-arg={linked}")]);
    }
    cargo.stdin(Stdio::null()).stdout(Stdio::piped());
    let spelt = child::spell(cargo);
    let mut running = cargo
        .spawn()
        .with_context(|| format!("cannot start `{spelt}`"))?;
    let messages = running
        .stdout
        .take()
        .context("cargo has no standard output")?;
    let mut found = None;
    for message in Message::parse_stream(BufReader::new(messages)) {
        if let Message::CompilerArtifact(artifact) =
            message.context("what cargo says cannot be read")?
        {
            found = pick(&artifact).map(PathBuf::from).or(found);
        }
    }
    child::succeeded(running.wait(), &spelt)?;
    Ok(found)
}

/// The user's own cargo in `folder`, building for this machine whatever target the environment or a `.cargo/config.toml` sets.
pub fn native(folder: &Path) -> Command {
    let mut cargo = surroundings::command("cargo");
    cargo.current_dir(folder);
    if let Some(host) = foreign(folder) {
        cargo.env("CARGO_BUILD_TARGET", host);
    }
    cargo
}

/// The host triple, where cargo would build for another target in `folder`. Otherwise no target is set: an explicit target has
/// its own target directory and would be compiled again.
fn foreign(folder: &Path) -> Option<String> {
    let config = cargo_config2::Config::load_with_cwd(folder).ok()?;
    let targets = config.build_target_for_config(Vec::<&str>::new()).ok()?;
    if targets.is_empty() {
        return None;
    }
    let host = config.host_triple().ok()?;
    let runs = |target: &str| {
        let parts = |triple: &str| triple.split('-').map(str::to_owned).collect::<Vec<_>>();
        let (own, other) = (parts(host), parts(target));
        // A target that differs only in its C library runs on this system too.
        own.first() == other.first() && own.get(1..3) == other.get(1..3)
    };
    let is_native = match &*targets {
        [one] => runs(one.triple()),
        _ => false,
    };
    (!is_native).then(|| host.to_owned())
}

/// One of Guru's own programs, run on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The crate that contains it.
    pub package: &'static str,
    /// The name of the binary.
    pub name: &'static str,
    /// The features it is built with, in place of its default ones.
    pub features: &'static [&'static str],
}

/// The host of components, with its compiler.
pub const HOST: Program = Program {
    package: "guru-host",
    name: "guru-host",
    features: &["compile", "postgres", "sqlite"],
};

/// The host of components without the compiler, as small as in a release.
pub const SERVER: Program = Program {
    package: "guru-host",
    name: "guru-host",
    features: &[],
};

/// The program that AWS Lambda starts.
pub const BOOTSTRAP: Program = Program {
    package: "guru-lambda",
    name: "bootstrap",
    features: &[],
};

/// The same for a function with stores, or with other functions.
pub const BOOTSTRAP_WITH_STORES: Program = Program {
    features: &["dynamodb", "lambda"],
    ..BOOTSTRAP
};

/// The same for a function with blobs, whether or not it has stores.
pub const BOOTSTRAP_WITH_BLOBS: Program = Program {
    features: &["dynamodb", "lambda", "s3"],
    ..BOOTSTRAP
};

/// The same for a function with databases of PostgreSQL, whether or not it has stores or blobs.
pub const BOOTSTRAP_WITH_POSTGRES: Program = Program {
    features: &["dynamodb", "lambda", "postgres", "s3"],
    ..BOOTSTRAP
};

/// The gateway in front of a Lambda function on this machine.
pub const GATEWAY: Program = Program {
    package: "guru-gateway",
    name: "guru-gateway",
    features: &[],
};

impl Program {
    /// The variable that overrides the program with an existing one.
    const fn variable(self) -> &'static str {
        match self.name.as_bytes() {
            b"guru-host" => "GURU_HOST_BIN",
            b"bootstrap" => "GURU_BOOTSTRAP_BIN",
            _ => "GURU_GATEWAY_BIN",
        }
    }

    /// The program that the environment names, for use on this machine. Deployments always build their own.
    #[must_use]
    pub fn named(self) -> Option<PathBuf> {
        tool::find(self.variable(), || None)
    }

    /// Builds it and returns its path.
    pub fn build(self, workspace: &Workspace, is_release: bool) -> Result<PathBuf> {
        self.build_with(workspace, is_release, |_| {})
    }

    /// Builds it with a cargo command that `prepare` can modify, and returns its path.
    pub fn build_with(
        self,
        workspace: &Workspace,
        is_release: bool,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<PathBuf> {
        let mut cargo = match workspace.source()? {
            Source::Folder(folder) => self.in_folder(&folder, is_release),
            Source::Checkout(folder) => {
                let mut cargo = self.in_folder(&folder, is_release);
                cargo.arg("--locked").env("CARGO_TARGET_DIR", target()?);
                cargo
            }
            Source::Registry(version) => {
                return self.install(workspace, &version, is_release, prepare);
            }
        };
        cargo.arg("--no-default-features");
        if !self.features.is_empty() {
            cargo.arg("--features").arg(self.features.join(","));
        }
        prepare(&mut cargo);
        let made = make(&mut cargo, |artifact| {
            let is_it = artifact.target.is_bin() && artifact.target.name == self.name;
            artifact.executable.clone().filter(|_| is_it)
        })?;
        made.with_context(|| format!("{} has no program {}", self.package, self.name))
    }

    fn in_folder(self, folder: &Path, is_release: bool) -> Command {
        let mut cargo = native(folder);
        cargo.args(["build", "--package", self.package, "--bin", self.name]);
        match self.profile(is_release) {
            Profile::Dev => {}
            Profile::Quick => {
                cargo.arg("--release").args(UNLINKED);
            }
            Profile::Release => {
                cargo.arg("--release");
            }
        }
        cargo
    }

    /// Where a version from the registry is installed.
    fn root(self, version: &str, profile: Profile) -> Result<PathBuf> {
        let parts = [version, profile.name()].into_iter();
        let name: Vec<_> = parts.chain(self.features.iter().copied()).collect();
        Ok(Home::from_env()?.root().join("hosts").join(name.join("-")))
    }

    fn installed(self, root: &Path) -> PathBuf {
        let program = root.join("bin").join(self.name);
        program.with_extension(env::consts::EXE_EXTENSION)
    }

    /// Whether it is installed from the registry already; `None` if it does not come from there.
    ///
    /// # Errors
    ///
    /// As [`Workspace::source`].
    pub fn is_installed(self, workspace: &Workspace, is_release: bool) -> Result<Option<bool>> {
        let Source::Registry(version) = workspace.source()? else {
            return Ok(None);
        };
        let root = self.root(&version, self.profile(is_release))?;
        Ok(Some(self.installed(&root).is_file()))
    }

    /// The profile to build with. For tests the total time matters, so Lambda's program is built only once, without link-time
    /// optimisation.
    fn profile(self, is_release: bool) -> Profile {
        let is_quick = env::var_os(QUICK).is_some_and(|value| !value.is_empty());
        match (is_quick && self.name == BOOTSTRAP.name, is_release) {
            (true, _) => Profile::Quick,
            (false, true) => Profile::Release,
            (false, false) => Profile::Dev,
        }
    }

    /// Installs it from the registry, in the version that the function depends on and with the dependencies locked for that
    /// version. A version never changes, so this happens once.
    fn install(
        self,
        workspace: &Workspace,
        version: &str,
        is_release: bool,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<PathBuf> {
        let profile = self.profile(is_release);
        let root = self.root(version, profile)?;
        let program = self.installed(&root);
        if program.is_file() {
            return Ok(program);
        }
        let mut cargo = surroundings::command("cargo");
        cargo
            .args(["install", "--locked", "--force", "--no-track", "--bin"])
            .arg(self.name)
            .arg("--root")
            .arg(&root)
            .arg(format!("{}@{version}", self.package))
            .env("CARGO_TARGET_DIR", target()?);
        if let Some(host) = foreign(workspace.root()) {
            cargo.env("CARGO_BUILD_TARGET", host);
        }
        cargo.arg("--no-default-features");
        if !self.features.is_empty() {
            cargo.arg("--features").arg(self.features.join(","));
        }
        match profile {
            // The profile of Guru's own workspace: a published package has no profiles.
            Profile::Release => {
                cargo
                    .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
                    .env("CARGO_PROFILE_RELEASE_LTO", "fat")
                    .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
            }
            Profile::Quick => {
                cargo
                    .args(UNLINKED)
                    .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
            }
            Profile::Dev => {
                cargo.arg("--debug");
                for package in OPTIMISED {
                    cargo
                        .arg("--config")
                        .arg(format!("profile.dev.package.{package}.opt-level=2"));
                }
            }
        }
        prepare(&mut cargo);
        make(&mut cargo, |_| None)?;
        if !program.is_file() {
            bail!("{} {version} has no program {}", self.package, self.name);
        }
        Ok(program)
    }
}

/// A build profile.
#[derive(Clone, Copy)]
enum Profile {
    /// For development.
    Dev,
    /// Optimised, but without link-time optimisation.
    Quick,
    /// As deployed.
    Release,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }
}

/// Names the variable that asks for programs which are not optimised while they are linked: for tests.
pub const QUICK: &str = "GURU_QUICK_HOSTS";

/// Disables the slow parts of the release profile.
const UNLINKED: [&str; 4] = [
    "--config",
    "profile.release.lto=false",
    "--config",
    "profile.release.codegen-units=16",
];

/// An unoptimised compiler takes ten times as long for a component as an optimised one.
const OPTIMISED: [&str; 7] = [
    "cranelift-codegen",
    "cranelift-frontend",
    "regalloc2",
    "wasmparser",
    "wasmtime",
    "wasmtime-environ",
    "wasmtime-internal-cranelift",
];

/// The target directory for programs that are not built from sources of the user's.
pub(crate) fn target() -> Result<PathBuf> {
    let named = env::var_os("CARGO_TARGET_DIR").filter(|named| !named.is_empty());
    match named {
        Some(named) => Ok(std::path::absolute(named)?),
        None => Ok(Home::from_env()?.root().join("hosts").join("target")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `build.target` that cargo reads in a folder with these settings.
    fn told(settings: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        crate::files::write(&folder.path().join(".cargo/config.toml"), settings).unwrap();
        let below = folder.path().join("src");
        std::fs::create_dir(&below).unwrap();
        let cargo = native(&below);
        let mut all = cargo.get_envs();
        let (_, value) = all.find(|(name, _)| *name == "CARGO_BUILD_TARGET")?;
        Some(value?.to_string_lossy().into_owned())
    }

    #[test]
    fn what_runs_here_is_built_for_this_machine() {
        let said = child::output(surroundings::command("rustc").arg("-vV")).unwrap();
        let host = said
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap();
        for other in [
            "target = \"wasm32-wasip2\"",
            "target = [\"wasm32-unknown-unknown\"]",
            "target = [\"wasm32-wasip2\", \"x86_64-unknown-linux-gnu\"]",
            "target = \"riscv64gc-unknown-linux-gnu\"",
        ] {
            let told = told(&format!("[build]\n{other}\n"));
            assert_eq!(told.as_deref(), Some(host), "{other}");
        }
        // Without settings we set no target either, so that builds share one target directory.
        assert_eq!(told(""), None);
        assert_eq!(told(&format!("[build]\ntarget = \"{host}\"\n")), None);
        let musl = host.replace("gnu", "musl");
        assert_eq!(told(&format!("[build]\ntarget = \"{musl}\"\n")), None);
    }
}
