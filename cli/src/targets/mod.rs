//! The vendors: one registry, out of which come help texts, diagnoses, builds, servers and deployments. Knows what a vendor can be
//! asked, not what any of them answers.

pub mod cloudflare;
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

/// Every vendor, in the order in which they are told: what all others are compared with, then by name. A new one is a file beside this one, a folder below `targets` at the top of
/// the workspace, and a line here: docs/adding-a-target.md.
static REGISTRY: &[Target] = &[
    Target(&local::Local),
    Target(&cloudflare::Cloudflare),
    Target(&lambda::Lambda),
    Target(&spin::Spin),
    Target(&wasi::Wasi),
    #[cfg(test)]
    Target(&made_up::MadeUp),
];

/// Where a function can be run. All methods but the first five have a default: what is not said, the vendor has not.
pub trait Vendor: Sync {
    /// The name, as typed, and as the folder below `targets` is called.
    fn name(&self) -> &'static str;

    /// A line of help.
    fn about(&self) -> &'static str;

    /// How the conformance suite drives it: `conformance.toml` of its folder.
    fn conformance(&self) -> &'static str;

    /// Builds the function into `folder`, and says which files are there now.
    fn build(&self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>>;

    /// Builds the function for development, and makes the command that serves the build.
    fn serve(&self, session: &Session<'_>, request: &Serve<'_>) -> Result<Served>;

    /// Other names that mean it.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// What it needs of this machine, in the order in which it is got; Rust itself is not named.
    fn items(&self) -> &'static [&'static dyn Item] {
        &[]
    }

    /// What it needs to run here.
    fn needs(&self, _home: &Home, _found: &dyn Fn(&str) -> Need) -> Vec<(&'static str, Need)> {
        Vec::new()
    }

    /// What it needs to be deployed to; nothing where it cannot be deployed to.
    fn needs_to_deploy(&self, _home: &Home) -> Vec<(&'static str, Need)> {
        Vec::new()
    }

    /// Finds the vendor's program, which no change of a source brings.
    fn check(&self, _home: &Home) -> Result<()> {
        Ok(())
    }

    /// How a function is deployed to it, if one can be.
    fn deployer(&self) -> Option<Deployer> {
        None
    }

    /// The files of a new function that are for it: the name of each, and what is in it before names are filled in.
    fn skeleton(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Whether a build is started on trial before it takes the place of one that serves.
    fn tries_builds(&self) -> bool {
        false
    }
}

/// Deploys, deletes or shows, as the options have it; says where the function answers.
pub type Deployer = fn(&Deployment<'_>) -> Result<Option<Deployed>>;

/// A thing that a target needs: what is there of it, or how to get it.
pub type Need = Result<String, String>;

/// What a vendor is asked to serve.
pub struct Serve<'a> {
    /// Where the build goes.
    pub folder: &'a Path,
    /// What the function is told.
    pub settings: &'a Settings,
    /// Whether the build replaces another, and is tried first.
    pub is_tried: bool,
}

/// A build, and what serves it.
pub struct Served {
    /// What is started.
    pub command: Command,
    /// What it serves: the same texts mean the same build.
    pub parts: Vec<String>,
    /// The option that names the port, unless the command names the address already.
    pub port: Option<&'static str>,
}

/// One vendor of the registry.
#[derive(Clone, Copy)]
pub struct Target(&'static dyn Vendor);

impl Target {
    /// Every one, in the order in which they are told.
    #[must_use]
    pub fn all() -> &'static [Self] {
        REGISTRY
    }

    /// The one of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = REGISTRY.iter().copied();
        all.find(|target| target.name() == name || target.aliases().contains(&name))
    }

    /// Builds the function into a folder, in which nobody else builds meanwhile; says which files are there now.
    ///
    /// # Errors
    ///
    /// When it cannot be built.
    pub fn build_into(self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
        context.make(folder, |draft| self.0.build(context, draft))
    }

    /// The ways in which the conformance suite drives all of them.
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

/// What the user names in a variable in place of what would be found.
fn named(variable: &str) -> Option<Need> {
    let path = crate::tool::find(variable, || None)?;
    Some(Ok(format!("{} of {variable}", path.display())))
}

/// A login that was found, or how to get one.
fn login(found: Option<String>, how: &str) -> Need {
    found.ok_or_else(|| how.to_owned())
}
