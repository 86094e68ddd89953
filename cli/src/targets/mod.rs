//! The vendors. Help texts, diagnoses, builds, servers and deployments are all derived from one registry.

mod cloudflare;
pub mod lambda;
mod local;
#[cfg(test)]
mod made_up;
mod spin;
mod wasi;

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use clap::{ValueEnum, builder::PossibleValue};

use crate::{
    artefacts::BuildContext,
    deployment::{Deployed, Deployment},
    home::Home,
    items::Item,
    serving::{Session, Settings},
};

/// Every vendor, in display order: the reference that all others are compared with, then by name. A new one needs a file beside
/// this one, a folder below `targets` at the top of the workspace, and a line here: docs/adding-a-target.md.
static REGISTRY: &[Target] = &[
    Target(&local::Local),
    Target(&cloudflare::Cloudflare),
    Target(&lambda::Lambda),
    Target(&spin::Spin),
    Target(&wasi::Wasi),
    #[cfg(test)]
    Target(&made_up::MadeUp),
];

/// A vendor, on which a function can be run. All methods but the first five have a default, which stands for a missing
/// capability.
pub trait Vendor: Sync {
    /// The name as typed, which is also that of the folder below `targets`.
    fn name(&self) -> &'static str;

    /// A one-line description for the help texts.
    fn about(&self) -> &'static str;

    /// How the conformance suite drives it: the content of its `conformance.toml`.
    fn conformance(&self) -> &'static str;

    /// Builds the function into `folder` and returns the files that were made.
    fn build(&self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>>;

    /// Builds the function for development and returns the command that serves it.
    fn serve(&self, session: &Session<'_>, request: &Serve<'_>) -> Result<Served>;

    /// Aliases of the name.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// What must be installed on this machine, in order of installation. Rust itself is implied.
    fn items(&self) -> &'static [&'static dyn Item] {
        &[]
    }

    /// What is needed to run here.
    fn needs(&self, _home: &Home, _found: &dyn Fn(&str) -> Need) -> Vec<(&'static str, Need)> {
        Vec::new()
    }

    /// What is needed to deploy; empty where the vendor has no deployer.
    fn needs_to_deploy(&self, _home: &Home) -> Vec<(&'static str, Need)> {
        Vec::new()
    }

    /// Fails if the vendor's program is missing, which no change of the sources can fix.
    fn check(&self, _home: &Home) -> Result<()> {
        Ok(())
    }

    /// The deployer, for vendors that functions can be deployed to.
    fn deployer(&self) -> Option<Deployer> {
        None
    }

    /// A line of help for `guru deploy`.
    fn deploys_with(&self) -> &'static str {
        self.about()
    }

    /// The vendor's files in a new function: the path and the template of each.
    fn skeleton(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// How what a function keeps here is reached from this machine.
    fn data(&self) -> Reach {
        Reach {
            on: self.name(),
            features: &[],
            settings: &[],
            secrets: None,
        }
    }

    /// The manifest of a function that reaches the stores of one with the manifest `own`, made of the vendor's own.
    fn data_manifest(&self, skeleton: &str, _own: &str) -> Result<String> {
        Ok(skeleton.to_owned())
    }

    /// Whether a build is started on trial before it replaces the one being served.
    fn tries_builds(&self) -> bool {
        false
    }
}

/// How what a function keeps at a vendor is reached from this machine: by a function that is served here.
pub struct Reach {
    /// The target that it is served on.
    pub on: &'static str,
    /// Features of the crate `guru` that it needs beside those of its ports.
    pub features: &'static [&'static str],
    /// Settings that must say where blobs, or else values, are, and how to find that out.
    pub settings: &'static [(bool, &'static str, &'static str)],
    /// The file beside the manifest from which the runtime reads secrets, where a setting would be on a command line.
    pub secrets: Option<&'static str>,
}

/// Deploys, deletes or does a dry run, as the options say; returns where the function can be reached.
pub type Deployer = fn(&Deployment<'_>) -> Result<Option<Deployed>>;

/// Something a target needs: what was found, or how to get it.
pub type Need = Result<String, String>;

/// A request to serve a function.
pub struct Serve<'a> {
    /// The output folder of the build.
    pub folder: &'a Path,
    /// The settings that the function is given.
    pub settings: &'a Settings,
    /// Whether the build replaces another and is to be tried first.
    pub is_tried: bool,
}

/// A build and the command that serves it.
pub struct Served {
    /// The command that starts the runtime.
    pub command: Command,
    /// What identifies the build: equal parts mean an equal build.
    pub parts: Vec<String>,
    /// The option that sets the port, unless the command sets the address already.
    pub port: Option<&'static str>,
}

/// A vendor of the registry.
#[derive(Clone, Copy)]
pub struct Target(&'static dyn Vendor);

impl Target {
    /// All vendors, in display order.
    #[must_use]
    pub fn all() -> &'static [Self] {
        REGISTRY
    }

    /// Finds a vendor by name or alias.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = REGISTRY.iter().copied();
        all.find(|target| target.name() == name || target.aliases().contains(&name))
    }

    /// Builds the function into a folder, locked meanwhile; returns the files that were made.
    ///
    /// # Errors
    ///
    /// When it cannot be built.
    pub fn build_into(self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
        context.make(folder, |draft| self.0.build(context, draft))
    }

    /// The ports that it cannot give, which the driver says.
    ///
    /// # Errors
    ///
    /// When its `conformance.toml` is malformed.
    pub fn lacks(self) -> Result<Vec<String>> {
        let ways = conformance::DriverConfig::read(self.name(), self.conformance())?;
        Ok(ways.into_iter().flat_map(|way| way.lacks).collect())
    }

    /// The drivers of all vendors in the conformance suite.
    ///
    /// # Errors
    ///
    /// When a `conformance.toml` is malformed.
    pub fn ways() -> Result<Vec<conformance::DriverConfig>> {
        let mut ways = Vec::new();
        for target in REGISTRY {
            ways.extend(conformance::DriverConfig::read(
                target.name(),
                target.conformance(),
            )?);
        }
        Ok(ways)
    }
}

impl std::ops::Deref for Target {
    type Target = dyn Vendor;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Target {}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ValueEnum for Target {
    fn value_variants<'a>() -> &'a [Self] {
        REGISTRY
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.name()).help(self.about());
        Some(value.aliases(self.aliases()))
    }
}

/// A program that the user names in a variable, overriding what would be found.
fn named(variable: &str) -> Option<Need> {
    let path = crate::tool::find(variable, || None)?;
    Some(Ok(format!("{} of {variable}", path.display())))
}

/// A login that was found, or how to log in.
fn login(found: Option<String>, how: &str) -> Need {
    found.ok_or_else(|| how.to_owned())
}
