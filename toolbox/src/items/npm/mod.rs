//! wrangler, which runs and deploys Cloudflare Workers, and Binaryen, which shrinks their modules: npm packages in a folder of
//! Guru's own, in exactly the versions of the committed lock file.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::{Item, State};
use crate::{child, console::Console, files, home::Home, stamp, surroundings, version::Version};

const PACKAGE: &str = include_str!("package.json");
const LOCK: &str = include_str!("package-lock.json");

/// The oldest Node that the locked wrangler supports.
const OLDEST: Version = Version::new(20, 3, 0);

/// The npm tools.
pub struct Wrangler;

impl Item for Wrangler {
    fn name(&self) -> &'static str {
        "wrangler"
    }

    fn why(&self) -> &'static str {
        "runs functions under workerd as Cloudflare does, and deploys them"
    }

    fn required(&self) -> bool {
        false
    }

    fn check(&self, home: &Home) -> Result<State> {
        let node = match node() {
            Ok(node) => node,
            Err(error) => {
                return Ok(State::Missing {
                    how: error.to_string(),
                });
            }
        };
        let folder = home.wrangler();
        if stamp::is_current(&folder, &ingredients()) && program(home, "wrangler").is_some() {
            return Ok(State::Found {
                detail: format!(
                    "wrangler {}, binaryen {} on Node {node}",
                    version("wrangler"),
                    version("binaryen")
                ),
            });
        }
        let made = if stamp::exists(&folder) {
            "is for other versions; "
        } else {
            ""
        };
        Ok(State::Missing {
            how: format!(
                "{made}`guru setup` installs it with npm into {}",
                folder.display()
            ),
        })
    }

    fn install(&self, home: &Home, console: Console) -> Result<()> {
        node()?;
        let work = home.fresh_work("wrangler")?;
        for (name, text) in [("package.json", PACKAGE), ("package-lock.json", LOCK)] {
            let path = work.join(name);
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let step = console.step("installing wrangler");
        // The install scripts would only download what the locked packages already contain.
        child::run(
            surroundings::command("npm").current_dir(&work).args([
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ]),
            &home.log("wrangler"),
            None,
            &|line| step.line(line),
        )?;
        step.done();
        stamp::write(&work, &ingredients())?;
        let folder = home.wrangler();
        files::remove(&folder)?;
        std::fs::rename(&work, &folder)
            .with_context(|| format!("cannot move the tools to {}", folder.display()))
    }
}

/// The path of a program of the packages, if it is installed.
pub fn program(home: &Home, name: &str) -> Option<PathBuf> {
    let name = if cfg!(windows) {
        format!("{name}.cmd")
    } else {
        name.to_owned()
    };
    let path = home.wrangler().join("node_modules").join(".bin").join(name);
    path.exists().then_some(path)
}

fn ingredients() -> String {
    format!("{PACKAGE}{LOCK}")
}

/// The version of a package in the manifest.
#[must_use]
pub fn version(name: &str) -> &'static str {
    let line = PACKAGE
        .lines()
        .find_map(|line| line.trim().strip_prefix(&format!("\"{name}\": \"")));
    line.and_then(|rest| rest.split('"').next())
        .unwrap_or("of any version")
}

/// The version of the Node on PATH.
fn node() -> Result<Version> {
    let wanted = format!("install Node {OLDEST} or newer, with npm");
    for program in ["node", "npm"] {
        if which::which(program).is_err() {
            bail!("there is no {program} on PATH; {wanted}");
        }
    }
    let said = child::output(surroundings::command("node").arg("--version"))?;
    let version =
        Version::find(&said).with_context(|| format!("node did not say its version: {said:?}"))?;
    if version < OLDEST {
        bail!("the Node on PATH is {version}; {wanted}");
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_versions_and_no_registry() {
        assert_eq!(version("wrangler").split('.').count(), 3);
        assert_eq!(version("binaryen").split('.').count(), 3);
        assert!(!LOCK.contains("\"resolved\""));
        for name in ["wrangler", "binaryen"] {
            let entry = format!(
                "\"node_modules/{name}\": {{\n      \"version\": \"{}\"",
                version(name)
            );
            assert!(LOCK.contains(&entry), "{name}");
        }
    }
}
