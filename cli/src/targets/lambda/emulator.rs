//! AWS's Runtime Interface Emulator, which runs a Lambda function on this machine. It ships in the package of the SAM command
//! line, of which nothing else is used.

use std::{fs, process::Command};

use anyhow::{Context as _, Result};

use crate::{
    child,
    console::Console,
    files,
    home::Home,
    items::{Item, State, python},
    stamp,
};

/// The package, pinned to one file so that every machine runs the same emulator.
const REQUIREMENT: &str = "aws-sam-cli==1.170.0 --hash=sha256:24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf\n";

/// The path of the emulator within the package, for this machine.
const PROGRAM: &str = if cfg!(target_arch = "aarch64") {
    "samcli/local/rapid/aws-lambda-rie-arm64"
} else {
    "samcli/local/rapid/aws-lambda-rie-x86_64"
};

/// Installs the emulator.
pub(super) struct Emulator;

impl Item for Emulator {
    fn name(&self) -> &'static str {
        "lambda emulator"
    }

    fn why(&self) -> &'static str {
        "runs functions as AWS Lambda does, by AWS's own program"
    }

    fn required(&self) -> bool {
        false
    }

    fn check(&self, home: &Home) -> Result<State> {
        if !cfg!(target_os = "linux") {
            return Ok(State::Missing {
                how: "AWS's emulator runs on Linux only".into(),
            });
        }
        let folder = home.emulator();
        if stamp::is_current(&folder, REQUIREMENT) && folder.join(PROGRAM).is_file() {
            return Ok(State::Found {
                detail: format!("of aws-sam-cli {}", version()),
            });
        }
        let made = if stamp::exists(&folder) {
            "is for another version; "
        } else {
            ""
        };
        Ok(State::Missing {
            how: format!(
                "{made}`guru setup` installs it with pip into {}",
                folder.display()
            ),
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        if !cfg!(target_os = "linux") {
            anyhow::bail!("AWS's emulator runs on Linux only");
        }
        let work = home.fresh_work("sam")?;
        let list = work.join("requirements.txt");
        fs::write(&list, REQUIREMENT)
            .with_context(|| format!("cannot write {}", list.display()))?;
        // pip's environment is discarded: the emulator is not a Python program.
        let environment = home.fresh_work("sam-pip")?;
        python::make(home, console, &environment)?;
        let step = console.step("installing AWS's emulator of Lambda");
        child::run(
            Command::new(python::program(&environment, "python"))
                .args(["-m", "pip", "install", "--no-input", "--no-deps"])
                .args(["--disable-pip-version-check", "--require-hashes"])
                .args(["--only-binary", ":all:", "--no-compile", "--target"])
                .arg(&work)
                .arg("-r")
                .arg(&list),
            &home.log("lambda-emulator"),
            None,
            &|line| step.line(line),
        )?;
        step.done();
        files::remove(&environment)?;
        executable(&work.join(PROGRAM))?;
        stamp::write(&work, REQUIREMENT)?;
        let folder = home.emulator();
        files::remove(&folder)?;
        fs::rename(&work, &folder)
            .with_context(|| format!("cannot move the emulator to {}", folder.display()))
    }
}

/// The path of the emulator, if it is installed.
pub fn program(home: &Home) -> Option<std::path::PathBuf> {
    let path = home.emulator().join(PROGRAM);
    path.is_file().then_some(path)
}

/// Python packages lose the executable permission.
#[cfg(unix)]
fn executable(path: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}

#[cfg(not(unix))]
fn executable(_path: &std::path::Path) -> Result<()> {
    Ok(())
}

fn version() -> &'static str {
    let version = REQUIREMENT.strip_prefix("aws-sam-cli==");
    version
        .and_then(|rest| rest.split(' ').next())
        .unwrap_or_default()
}
