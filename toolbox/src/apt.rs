//! Debian packages: checks what is installed, and installs more as root or with passwordless `sudo`.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{child, console::Console, home::Home, surroundings};

/// Waits for a concurrent apt to release its lock, in seconds.
const LOCK_TIMEOUT: &str = "DPkg::Lock::Timeout=300";

/// Whether this system has apt.
pub fn is_here() -> bool {
    which::which("apt-get").is_ok()
}

/// The command line for the user to run.
pub fn command_line(packages: &[&str]) -> String {
    format!(
        "sudo apt-get install --no-install-recommends {}",
        packages.join(" ")
    )
}

/// Whether all of the packages are installed.
pub fn has(packages: &[&str]) -> bool {
    child::output(
        Command::new("dpkg-query")
            .args(["-W", "-f", "${Package} ${db:Status-Status}\n"])
            .args(packages),
    )
    .is_ok_and(|listing| all_installed(&listing, packages))
}

/// Parses `dpkg-query`'s listing of `name status` lines.
fn all_installed(listing: &str, packages: &[&str]) -> bool {
    packages.iter().all(|package| {
        listing
            .lines()
            .any(|line| line.split_once(' ') == Some((package, "installed")))
    })
}

/// Installs the packages, but never removes an installed one to do so.
pub fn install(home: &Home, console: Console, packages: &[&str]) -> Result<()> {
    let Some(prefix) = privilege() else {
        bail!(
            "the packages {} are needed and this user may not install them; run:\n    {}",
            packages.join(", "),
            command_line(packages)
        );
    };
    let attempt = |title: &str, log: &str, words: &[&str]| {
        let step = console.step(title);
        child::run(
            apt(prefix)
                .args(words)
                .args(if words == ["update"] { &[] } else { packages }),
            &home.log(log),
            None,
            &|line| step.line(line),
        )?;
        step.done();
        Ok::<_, anyhow::Error>(())
    };
    let words = ["install", "--yes", "--no-install-recommends", "--no-remove"];
    let title = format!("apt-get install {}", packages.join(" "));
    // Package lists are missing on a fresh machine and stale on an old one; either makes the first attempt fail.
    if attempt(&title, "apt-install", &words).is_ok() {
        return Ok(());
    }
    console.note("  the package lists may be out of date; refreshing them");
    attempt("apt-get update", "apt-update", &["update"])?;
    attempt(&title, "apt-install", &words).with_context(|| {
        format!(
            "Debian's packages could not be installed; try it by hand:\n    {}",
            command_line(packages)
        )
    })
}

/// The prefix of `apt-get`: empty for root, `sudo -n` where it needs no password.
fn privilege() -> Option<&'static [&'static str]> {
    let root = child::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root {
        Some(&[])
    } else if child::succeeds(Command::new("sudo").args(["-n", "true"])) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

fn apt(prefix: &[&str]) -> Command {
    let mut words = prefix.iter().copied().chain(["apt-get"]);
    let mut command = surroundings::command(words.next().unwrap_or("apt-get"));
    command
        .args(words)
        .args(["-o", LOCK_TIMEOUT])
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_count() {
        let listing = "rustc-web installed\nwasi-libc config-files\n";
        assert!(all_installed(listing, &["rustc-web"]));
        assert!(!all_installed(listing, &["rustc-web", "wasi-libc"]));
        assert!(!all_installed(listing, &["rustc"]));
        assert!(all_installed("", &[]));
    }

    #[test]
    fn the_command_line_can_be_pasted() {
        assert_eq!(
            command_line(&["a", "b"]),
            "sudo apt-get install --no-install-recommends a b"
        );
    }

    #[test]
    fn apt_waits_for_its_lock_with_and_without_sudo() {
        let line = child::spell(apt(&[]).arg("update"));
        assert_eq!(line, "apt-get -o DPkg::Lock::Timeout=300 update");
        let line = child::spell(apt(&["sudo", "-n"]).arg("update"));
        assert_eq!(line, "sudo -n apt-get -o DPkg::Lock::Timeout=300 update");
    }
}
