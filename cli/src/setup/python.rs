//! Tools that others wrote in Python, in a virtual environment of their own. Knows not what they are used for.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::{Item, State, apt};
use crate::{child, console::Console, files, home::Home, stamp, surroundings, version::Version};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The oldest Python that the requirements are made for.
const OLDEST: Version = Version::new(3, 10, 0);

/// Debian keeps the parts that make virtual environments in this package.
const DEBIAN_PACKAGE: &str = "python3-venv";

/// The Python tools.
pub(super) struct Python;

impl Item for Python {
    fn name(&self) -> &'static str {
        "python tools"
    }

    fn why(&self) -> &'static str {
        "tests written by others: schemathesis, openapi-spec-validator"
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
        let folder = home.python();
        let current = stamp::is_current(&folder, &ingredients(found.version));
        // The interpreter behind the environment may have been removed since.
        if current && child::succeeds(Command::new(program(home, "python")).args(["-I", "-c", ""]))
        {
            let tools = ["schemathesis", "openapi-spec-validator"].map(pinned);
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
                "{made}`guru setup` installs them with pip into {}{venv}",
                folder.display()
            ),
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        let mut found = interpreter()?;
        if !found.makes_environments {
            if !apt::is_here() {
                bail!(
                    "{} has no `venv` module; install the package that has it",
                    found.path.display()
                );
            }
            apt::install(home, console, &[DEBIAN_PACKAGE])?;
            found = interpreter()?;
        }
        // Environments cannot be moved, so this one is made in place and counts only once it is stamped.
        let folder = home.python();
        files::remove(&folder)?;

        let step = console.step("making a Python environment");
        child::run(
            surroundings::command(&found.path)
                .args(["-m", "venv"])
                .arg(&folder),
            &home.log("python-venv"),
            None,
            &|line| step.line(line),
        )?;
        step.done();

        let list = folder.join("requirements.txt");
        std::fs::write(&list, REQUIREMENTS)
            .with_context(|| format!("cannot write {}", list.display()))?;
        let step = console.step("installing the Python tools");
        child::run(
            Command::new(program(home, "python"))
                .args(["-m", "pip", "install", "--no-input"])
                .args(["--disable-pip-version-check", "-r"])
                .arg(&list),
            &home.log("python-tools"),
            None,
            &|line| step.line(line),
        )?;
        step.done();
        stamp::write(&folder, &ingredients(found.version))
    }
}

/// A program of the environment.
pub(crate) fn program(home: &Home, name: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    home.python().join(folder).join(name)
}

fn ingredients(python: Version) -> String {
    format!("python {python}\n{REQUIREMENTS}")
}

/// `name version`, as the requirements have it.
fn pinned(name: &str) -> String {
    let version = REQUIREMENTS
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix("=="));
    format!("{name} {}", version.unwrap_or("of any version"))
}

/// A Python that the environment is made from.
struct Interpreter {
    path: PathBuf,
    version: Version,
    makes_environments: bool,
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
    fn every_requirement_is_pinned() {
        let lines = REQUIREMENTS.lines().filter(|l| !l.starts_with('#'));
        assert!(lines.clone().count() > 20);
        for line in lines {
            assert!(line.contains("=="), "{line}");
        }
        assert!(!pinned("schemathesis").contains("any"));
        assert!(!pinned("openapi-spec-validator").contains("any"));
    }

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

    #[test]
    fn another_python_or_list_makes_another_environment() {
        let one = ingredients(Version::new(3, 11, 7));
        assert_ne!(one, ingredients(Version::new(3, 12, 0)));
        assert!(one.contains("schemathesis=="));
    }
}
