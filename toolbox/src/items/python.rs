//! Third-party Python tools, in one virtual environment for each set of tools with compatible dependencies.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::{Item, State};
use crate::{
    apt, child, console::Console, files, home::Home, stamp, surroundings, version::Version,
};

/// The oldest Python that the requirements support.
const OLDEST: Version = Version::new(3, 10, 0);

/// The Debian package of the `venv` module.
const DEBIAN_PACKAGE: &str = "python3-venv";

/// A set of tools in one virtual environment.
pub struct Environment {
    /// Its name.
    pub name: &'static str,
    /// What it is needed for.
    pub why: &'static str,
    /// Whether commands fail without it.
    pub required: bool,
    /// Whether what depends on it cannot run here without it.
    pub runs: bool,
    /// The oldest Python that the requirements support.
    pub oldest: Version,
    /// Its folder in `GURU_HOME`.
    pub folder: &'static str,
    /// Every package with its version, in pip's format.
    pub requirements: &'static str,
    /// The packages it is installed for; the other requirements are their dependencies.
    pub tools: &'static [&'static str],
}

impl Item for Environment {
    fn name(&self) -> &'static str {
        self.name
    }

    fn why(&self) -> &'static str {
        self.why
    }

    fn required(&self) -> bool {
        self.required
    }

    fn runs(&self) -> bool {
        self.runs
    }

    fn check(&self, home: &Home) -> Result<State> {
        let found = match interpreter() {
            Ok(found) => found,
            Err(error) => {
                return Ok(State::Missing {
                    how: error.to_string(),
                });
            }
        };
        if found.version < self.oldest {
            return Ok(State::Missing {
                how: format!(
                    "it needs Python {} or newer, and {} is {}",
                    self.oldest,
                    found.path.display(),
                    found.version
                ),
            });
        }
        let folder = self.folder(home);
        let current = stamp::is_current(&folder, &self.ingredients(found.version));
        // The interpreter of the environment may have been removed since.
        if current
            && child::succeeds(Command::new(self.program(home, "python")).args(["-I", "-c", ""]))
        {
            let tools: Vec<_> = self.tools.iter().map(|tool| self.pinned(tool)).collect();
            return Ok(State::Found {
                detail: format!("{} on Python {}", tools.join(", "), found.version),
            });
        }
        let made = if stamp::exists(&folder) {
            "is for other versions; "
        } else {
            ""
        };
        let venv = if found.makes_environments {
            String::new()
        } else {
            format!("; it needs {}", apt::command_line(&[DEBIAN_PACKAGE]))
        };
        Ok(State::Missing {
            how: format!(
                "{made}`guru setup` installs it with pip into {}{venv}",
                folder.display()
            ),
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        let found = usable(home, console)?;
        if found.version < self.oldest {
            bail!("it needs Python {} or newer", self.oldest);
        }
        // A virtual environment cannot be moved, so it is created in place and becomes valid with its stamp.
        let folder = self.folder(home);
        files::remove(&folder)?;
        found.make(home, console, &folder)?;

        let list = folder.join("requirements.txt");
        std::fs::write(&list, self.requirements)
            .with_context(|| format!("cannot write {}", list.display()))?;
        let step = console.step(&format!("installing {}", self.tools.join(", ")));
        child::run(
            Command::new(self.program(home, "python"))
                .args(["-m", "pip", "install", "--no-input"])
                .args(["--disable-pip-version-check", "-r"])
                .arg(&list),
            &home.log(&format!("pip-{}", self.folder)),
            None,
            &|line| step.line(line),
        )?;
        step.done();
        stamp::write(&folder, &self.ingredients(found.version))
    }
}

impl Environment {
    /// The path of a program in the environment.
    pub fn program(&self, home: &Home, name: &str) -> PathBuf {
        program(&self.folder(home), name)
    }

    /// Whether it is installed, complete and in these versions.
    pub fn is_here(&self, home: &Home) -> bool {
        matches!(self.check(home), Ok(State::Found { .. }))
    }

    fn folder(&self, home: &Home) -> PathBuf {
        home.root().join(self.folder)
    }

    fn ingredients(&self, python: Version) -> String {
        format!("python {python}\n{}", self.requirements)
    }

    /// `name version`, from the requirements.
    #[must_use]
    pub fn pinned(&self, name: &str) -> String {
        let version = self
            .requirements
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix("=="));
        format!("{name} {}", version.unwrap_or("of any version"))
    }
}

/// The Python interpreter that creates environments.
struct Interpreter {
    path: PathBuf,
    version: Version,
    makes_environments: bool,
}

impl Interpreter {
    /// Creates an environment that contains only pip.
    fn make(&self, home: &Home, console: Console, folder: &Path) -> Result<()> {
        let step = console.step("making a Python environment");
        child::run(
            surroundings::command(&self.path)
                .args(["-m", "venv"])
                .arg(folder),
            &home.log("python-venv"),
            None,
            &|line| step.line(line),
        )?;
        step.done();
        Ok(())
    }
}

/// Creates an environment that contains only pip.
pub fn make(home: &Home, console: Console, folder: &Path) -> Result<()> {
    usable(home, console)?.make(home, console, folder)
}

/// The path of a program in the environment at `environment`.
pub fn program(environment: &Path, name: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    environment.join(folder).join(name)
}

/// A Python that can create environments; missing parts are installed.
fn usable(home: &Home, console: Console) -> Result<Interpreter> {
    let found = interpreter()?;
    if found.makes_environments {
        return Ok(found);
    }
    if !apt::is_here() {
        bail!(
            "{} has no `venv` module; install the package that has it",
            found.path.display()
        );
    }
    apt::install(home, console, &[DEBIAN_PACKAGE])?;
    interpreter()
}

/// The `python3` on PATH.
fn interpreter() -> Result<Interpreter> {
    let wanted = format!("install Python {OLDEST} or newer (Debian: python3, python3-venv)");
    let Ok(path) = which::which("python3") else {
        bail!("there is no python3 on PATH; {wanted}");
    };
    let script = "import sys, importlib.util as u; \
                  print(sys.version.split()[0], all(map(u.find_spec, ('venv', 'ensurepip'))))";
    let said = child::output(surroundings::command(&path).args(["-I", "-c", script]))?;
    let (version, makes_environments) =
        read_interpreter(&said).with_context(|| describe(&path, &said))?;
    if version < OLDEST {
        bail!("{} is {version}; {wanted}", path.display());
    }
    Ok(Interpreter {
        path,
        version,
        makes_environments,
    })
}

fn describe(path: &Path, said: &str) -> String {
    format!("{} did not say its version: {said:?}", path.display())
}

fn read_interpreter(said: &str) -> Option<(Version, bool)> {
    let (version, environments) = said.trim().split_once(' ')?;
    Some((Version::find(version)?, environments == "True"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_says_its_version_and_whether_it_makes_environments() {
        let cases = [
            ("3.11.7 True\n", Some((Version::new(3, 11, 7), true))),
            ("3.14.0rc1 False\n", Some((Version::new(3, 14, 0), false))),
            ("Traceback", None),
        ];
        for (said, want) in cases {
            assert_eq!(read_interpreter(said), want);
        }
    }
}
