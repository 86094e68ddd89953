//! How targets are driven: the `conformance.toml` in each target's folder.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::wire::RawResponse;

/// One way of driving a target, which is a column of the report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverConfig {
    /// Its name, as in `GURU_ON`.
    pub name: String,
    /// The target, as in `guru dev --on`.
    #[serde(skip)]
    pub target: String,
    /// A short description of the runtime.
    #[serde(default)]
    pub about: String,
    /// The kind of runtime.
    pub runtime: Runtime,
    /// Further arguments of `guru dev`.
    #[serde(default)]
    pub dev: Vec<String>,
    /// Arguments for the vendor's own program.
    #[serde(default)]
    pub more: Vec<String>,
    /// The documented differences; a vector may expect any of them in place of the contract.
    #[serde(default)]
    pub differences: Vec<String>,
    /// The ports that the target cannot give: the probe is built without them, and their cases are skipped.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// Whether a crash in one handler leaves other requests alone. Where it does not, a case with a crash runs alone.
    #[serde(default = "yes")]
    pub crashes_alone: bool,
    /// Whether users' projects are driven in this way, too.
    #[serde(default = "yes")]
    pub in_projects: bool,
    /// The answer of a vendor's development proxy that has lost a request before the runtime saw it.
    pub lost: Option<Lost>,
}

/// The answer of a proxy of the vendor's, and not of the function, which says that the request is to be sent again. Such a request
/// is sent again once, and the report counts it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// Its status code.
    pub status: u16,
    /// How its body begins.
    pub body: String,
    /// The public report of the bug.
    pub evidence: String,
    /// The public report of another one: the proxy answers nobody any more, and does nothing. It is started anew then, once.
    pub hangs: Option<String>,
}

impl Lost {
    /// Whether `answer` is the proxy's.
    #[must_use]
    pub fn is(&self, answer: &RawResponse) -> bool {
        answer.status == self.status && answer.body.starts_with(self.body.as_bytes())
    }
}

/// The kind of runtime that serves a target on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// The vendor's own, as used in production.
    Vendor,
    /// The vendor's own emulator for development.
    Emulator,
    /// Our own, which implements the vendor's documented protocol.
    StandIn,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    driver: Vec<DriverConfig>,
}

const fn yes() -> bool {
    true
}

impl DriverConfig {
    /// Parses a target's `conformance.toml`.
    ///
    /// # Errors
    ///
    /// When it is malformed.
    pub fn read(target: &str, text: &str) -> Result<Vec<Self>> {
        let file: File = toml_edit::de::from_str(text)
            .with_context(|| format!("the conformance.toml of {target} is malformed"))?;
        let mut ways = file.driver;
        for way in &mut ways {
            target.clone_into(&mut way.target);
        }
        Ok(ways)
    }

    /// Reads those of every target with a folder in `targets`: the reference first, the rest by name.
    ///
    /// # Errors
    ///
    /// When one of them cannot be read.
    pub fn all(targets: &Path) -> Result<Vec<Self>> {
        let entries = fs::read_dir(targets);
        let entries = entries.with_context(|| format!("cannot read {}", targets.display()))?;
        let mut names: Vec<_> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort_by_key(|name| (name != FIRST, name.clone()));
        let mut ways = Vec::new();
        for name in names {
            let path = targets.join(&name).join("vendor").join("conformance.toml");
            if path.is_file() {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                ways.extend(Self::read(&name, &text)?);
            }
        }
        // What every target lacks on this machine, as where a database's server is not installed.
        let here = std::env::var(LACKS).unwrap_or_default();
        let here: Vec<_> = here.split(',').filter(|port| !port.is_empty()).collect();
        for way in &mut ways {
            way.lacks.extend(here.iter().map(|port| (*port).to_owned()));
        }
        Ok(ways)
    }
}

/// The variable that names the ports that no target has on this machine.
pub(crate) const LACKS: &str = "GURU_LACKS";

/// The reference that all other targets are compared with.
const FIRST: &str = "local";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_most_targets_have_it() {
        let ways = DriverConfig::read(
            "acme",
            "[[driver]]\nname = \"acme-1\"\nruntime = \"stand-in\"\n",
        )
        .unwrap();
        let [way] = &*ways else { panic!("{ways:?}") };
        assert_eq!((&*way.name, &*way.target), ("acme-1", "acme"));
        assert!(way.crashes_alone && way.in_projects && way.dev.is_empty());
        for malformed in ["[[driver]]\nname = \"x\"", "[[way]]\nnme = \"x\"", "x"] {
            assert!(
                DriverConfig::read("acme", malformed).is_err(),
                "{malformed}"
            );
        }
    }
}
