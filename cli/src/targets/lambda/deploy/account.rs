//! The account and region of a deployment: one profile and one region, for every call of AWS that a run makes.

#[cfg(test)]
mod tests;

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use toml_edit::{DocumentMut, Item};

use super::config::{self, Kind, Profile};
use crate::args::Aws;

/// The variables that name a profile or a region; the first one set wins
/// (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html>).
const PROFILE: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// The access key of a login in the environment.
const KEY: &str = "AWS_ACCESS_KEY_ID";

/// The arguments that are passed on to SAM, parsed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SamArguments {
    profile: Option<String>,
    region: Option<String>,
    /// The stack's name, overriding the default made of function and stage.
    pub(super) stack: Option<String>,
    /// Options that select SAM's settings, for every call.
    settings: Vec<(&'static str, String)>,
    /// The arguments of the subcommand itself.
    pub(super) rest: Vec<String>,
}

impl SamArguments {
    /// Parses the arguments after `--`.
    pub(super) fn read(words: &[String]) -> Result<Self> {
        let mut passed = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (&**word, None),
            };
            let mut value = || match value.clone().or_else(|| words.next().cloned()) {
                Some(value) if !value.is_empty() => Ok(value),
                _ => bail!("{name} needs a value: {name} VALUE"),
            };
            match name {
                "--profile" => passed.profile = Some(value()?),
                "--region" => passed.region = Some(value()?),
                "--stack-name" => passed.stack = Some(value()?),
                "--config-env" => passed.settings.push(("--config-env", value()?)),
                "--config-file" => passed.settings.push(("--config-file", value()?)),
                _ => passed.rest.push(word.clone()),
            }
        }
        Ok(passed)
    }

    /// The options that select SAM's settings.
    pub(super) fn settings(&self) -> impl Iterator<Item = &str> {
        let all = self.settings.iter();
        all.flat_map(|(name, value)| [*name, value])
    }

    fn setting(&self, wanted: &str) -> Option<&str> {
        let mut all = self.settings.iter().rev();
        let (_, value) = all.find(|(name, _)| *name == wanted)?;
        Some(value)
    }
}

/// A value and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sources {
    what: String,
    by: String,
}

impl fmt::Display for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what, self.by)
    }
}

/// The AWS account of a run.
#[derive(Debug)]
pub(super) struct Account {
    profile: Option<Sources>,
    region: Option<Sources>,
    /// The profiles in AWS's configuration files.
    known: Vec<String>,
    /// Whether the environment has an access key, over which a profile named in the environment does not take precedence.
    has_key: bool,
}

impl Account {
    /// Looks where AWS's own tools look, in this order: arguments passed on to SAM, our options, the environment, SAM's settings
    /// beside the template, AWS's configuration files.
    pub(super) fn find(passed: &SamArguments, aws: &Aws, place: Option<&Path>) -> Self {
        let files = Files::read(&env_of);
        let settings = place.and_then(|place| settings(passed, place));
        Self::choose(passed, aws, &env_of, settings.as_ref(), &files)
    }

    fn choose(
        passed: &SamArguments,
        aws: &Aws,
        of: &dyn Fn(&str) -> Option<String>,
        settings: Option<&Settings>,
        files: &Files,
    ) -> Self {
        let said = |what: &Option<String>, by: &str| {
            let by = by.to_owned();
            what.clone().map(|what| Sources { what, by })
        };
        let variable = |names: [&str; 2]| names.into_iter().find_map(|name| said(&of(name), name));
        let setting = |name: &str| {
            let settings = settings?;
            said(&settings.text(name), &settings.file)
        };
        let of_variable = variable(PROFILE);
        let of_setting = setting("profile");
        let has_key = of(KEY).is_some() && of_variable.is_some() && of_setting.is_none();
        let named = said(&passed.profile, "after --").or_else(|| said(&aws.profile, "--profile"));
        let has_key = has_key && named.is_none();
        let profile = named.or(of_variable).or(of_setting);
        let name = profile.as_ref().map_or("default", |profile| &profile.what);
        let region = said(&passed.region, "after --")
            .or_else(|| said(&aws.region, "--region"))
            .or_else(|| variable(REGION))
            .or_else(|| setting("region"))
            .or_else(|| said(&files.region(name), &format!("of the profile {name}")));
        Self {
            region,
            known: files.names(),
            has_key,
            profile,
        }
    }

    /// The region, or an error that says how to set one.
    pub(super) fn region(&self) -> Result<&str> {
        match (&self.region, &self.profile) {
            (Some(region), _) => Ok(&region.what),
            (None, Some(profile)) => bail!(
                "which region is not said, and the profile {} has none: add --region us-east-1, or set AWS_REGION",
                profile.what
            ),
            (None, None) => {
                bail!("which region is not said: add --region us-east-1, or set AWS_REGION")
            }
        }
    }

    /// Fails if the named profile does not exist.
    pub(super) fn check(&self) -> Result<()> {
        let Some(profile) = &self.profile else {
            return Ok(());
        };
        if self.known.contains(&profile.what) {
            return Ok(());
        }
        if self.known.is_empty() {
            bail!(
                "AWS's files have no profile, and {profile} is named: `aws configure sso` or `aws configure` makes one"
            );
        }
        bail!(
            "AWS's files have no profile {profile}: they have {}",
            self.known.join(", ")
        )
    }

    /// The options that every call of SAM and of AWS's own command line gets.
    pub(super) fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        // Where the environment has both a key and a profile, AWS's tools use the key; with an explicit `--profile` they would
        // not.
        if let (Some(profile), false) = (&self.profile, self.has_key) {
            options.extend(["--profile".to_owned(), profile.what.clone()]);
        }
        if let Some(region) = &self.region {
            options.extend(["--region".to_owned(), region.what.clone()]);
        }
        options
    }

    /// Whether a profile is named.
    pub(super) fn has_profile(&self) -> bool {
        self.profile.is_some()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.profile {
            Some(profile) => write!(f, "profile {profile}")?,
            None => write!(f, "no profile is named")?,
        }
        if self.has_key {
            write!(f, ", the key of {KEY}")?;
        }
        match &self.region {
            Some(region) => write!(f, ", region {region}"),
            None => write!(f, ", no region"),
        }
    }
}

/// Reads an environment variable; an empty one counts as unset.
fn env_of(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The settings of a command in samconfig.toml
/// (<https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html>).
struct Settings {
    file: String,
    document: DocumentMut,
    environment: String,
}

impl Settings {
    /// A setting of `sam deploy`, else of all commands.
    fn text(&self, name: &str) -> Option<String> {
        let all = self.document.get(&self.environment)?;
        let of = |command: &str| -> Option<String> {
            let value = all.get(command)?.get("parameters")?.get(name);
            let text = value.and_then(Item::as_str)?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        of("deploy").or_else(|| of("global"))
    }
}

/// Reads SAM's settings beside the template in `place`. A file that cannot be read is left for SAM to report.
fn settings(passed: &SamArguments, place: &Path) -> Option<Settings> {
    let file = passed.setting("--config-file").unwrap_or("samconfig.toml");
    let text = fs::read_to_string(place.join(file)).ok()?;
    Some(Settings {
        file: file.to_owned(),
        document: text.parse().ok()?,
        environment: passed
            .setting("--config-env")
            .unwrap_or("default")
            .to_owned(),
    })
}

/// AWS's configuration files.
#[derive(Debug, Default)]
struct Files {
    profiles: Vec<Profile>,
}

impl Files {
    fn read(of: &dyn Fn(&str) -> Option<String>) -> Self {
        let files = [
            ("AWS_CONFIG_FILE", "config", Kind::Config),
            (
                "AWS_SHARED_CREDENTIALS_FILE",
                "credentials",
                Kind::Credentials,
            ),
        ];
        let profiles = files.into_iter().filter_map(|(variable, file, kind)| {
            let named = of(variable).map(PathBuf::from);
            let path = named.or_else(|| Some(env::home_dir()?.join(".aws").join(file)))?;
            Some(config::profiles(&fs::read_to_string(path).ok()?, kind))
        });
        Self {
            profiles: profiles.flatten().collect(),
        }
    }

    fn region(&self, name: &str) -> Option<String> {
        let mut own = self.profiles.iter().filter(|profile| profile.name == name);
        own.find_map(|profile| profile.region.clone())
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .profiles
            .iter()
            .map(|profile| profile.name.clone())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
