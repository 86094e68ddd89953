//! A deployment of a function: the context that a vendor's deployer works with. Independent of any vendor.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use crate::{
    args::{DeployOptions, Stage},
    artefacts::{self, BuildContext, Call},
    child,
    console::say,
    leash::Leash,
};

/// The first sign of a login at a vendor, without trying it: a variable that is set, or a file that is there, `of_xdg` or one
/// of `files` below the home folder.
pub fn credentials(variables: &[&str], of_xdg: Option<PathBuf>, files: &[&str]) -> Option<String> {
    let of_variable = variables
        .iter()
        .find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    if let Some(name) = of_variable {
        return Some((*name).to_owned());
    }
    let home = env::home_dir()?;
    let below = files.iter().map(|file| home.join(file));
    let path = of_xdg
        .into_iter()
        .chain(below)
        .find(|path| path.is_file())?;
    Some(path.display().to_string())
}

/// A deployment of a function with the options from the command line.
pub struct Deployment<'a> {
    /// The build context of the function.
    pub context: BuildContext<'a>,
    /// The options from the command line.
    pub options: &'a DeployOptions,
    /// The name of the deployment at the vendor, made of the function's name and the stage's.
    pub name: String,
    /// The folder of the vendor's manifest.
    pub place: PathBuf,
}

/// A deployed function.
pub struct Deployed {
    /// Its URL.
    pub url: String,
    /// A header that every request needs, as shell text.
    pub header: Option<String>,
}

/// The missing prerequisites of a deployment, collected to be reported all at once.
#[derive(Debug, Default)]
pub struct Missing(Vec<String>);

impl Missing {
    /// Returns the value, or records the error as a missing prerequisite.
    pub fn note<T>(&mut self, looked: Result<T>) -> Option<T> {
        looked.map_err(|error| self.add(format!("{error:#}"))).ok()
    }

    /// Records a missing prerequisite.
    pub fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    /// Returns an error that lists everything missing, if anything is.
    pub fn end(self) -> Result<()> {
        match &*self.0 {
            [] => Ok(()),
            [one] => bail!("{one}"),
            all => bail!("this cannot be deployed yet:\n  - {}", all.join("\n  - ")),
        }
    }
}

impl Deployment<'_> {
    /// The stage's name.
    pub fn stage(&self) -> &'static str {
        self.options.stage.unwrap_or(Stage::Prod).name()
    }

    /// Finds the vendor's manifest.
    pub fn manifest(&self, name: &str) -> Result<PathBuf> {
        let found = self.context.workspace.manifest(self.context.function, name);
        found.with_context(|| {
            format!(
                "{} has no {name}: put one into its folder, as `guru new` does",
                self.context.function
            )
        })
    }

    /// Prints a command and, unless this is a dry run, runs it. Its standard output is shown and returned.
    pub fn run(&self, command: &mut Command) -> Result<String> {
        command.current_dir(&self.place);
        eprintln!("$ {}", child::spell(command));
        if self.options.dry_run {
            return Ok(String::new());
        }
        self.run_anyway(command)
    }

    /// Runs a command that changes nothing, even in a dry run.
    pub fn run_anyway(&self, command: &mut Command) -> Result<String> {
        let spelt = child::spell(command);
        command.stdin(Stdio::inherit()).stdout(Stdio::piped());
        let running = Leash::spawn(command).with_context(|| format!("cannot start `{spelt}`"))?;
        let out = running.child().stdout.take();
        let said = out.map(child::show).transpose()?.unwrap_or_default();
        child::succeeded(running.wait(), &spelt)?;
        Ok(said)
    }

    /// Reports what was done and how to call the function.
    ///
    /// # Errors
    ///
    /// When the result cannot be serialised.
    pub fn tell(&self, answers: Option<Deployed>) -> Result<()> {
        let options = self.options;
        let curl = answers.as_ref().map(|answers| self.curl(answers));
        if options.json {
            let done = match (options.dry_run, options.delete) {
                (true, _) => "shown",
                (false, true) => "deleted",
                (false, false) => "deployed",
            };
            let url = answers.map(|answers| answers.url);
            say(&json!({"name": self.name, "stage": self.stage(), "done": done, "url": url, "curl": curl}).to_string());
            return Ok(());
        }
        match (options.dry_run, options.delete) {
            (true, _) => say("Nothing was deployed: that is what would run."),
            (false, true) => say(&format!("{} is deleted.", self.name)),
            (false, false) => say(&format!("{} is deployed.", self.name)),
        }
        if let (Some(answers), Some(curl)) = (answers, curl) {
            say(&format!("\n    {}\n\nTry it:\n\n    {curl}", answers.url));
        }
        Ok(())
    }

    /// A `curl` command line for a request that the function answers.
    fn curl(&self, answers: &Deployed) -> String {
        let document = artefacts::own_document(&self.context).ok();
        let call = document
            .as_ref()
            .and_then(artefacts::first_call)
            .unwrap_or(Call {
                method: "GET".to_owned(),
                path: String::new(),
            });
        let header = answers
            .header
            .as_ref()
            .map(|header| format!(" -H {header}"));
        let method = match &*call.method {
            "GET" => String::new(),
            method => format!(" -X {method}"),
        };
        let url = format!("{}/{}", answers.url.trim_end_matches('/'), call.path);
        let url = shell_words::quote(&url);
        format!("curl{method}{} {url}", header.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_said_at_once() {
        let mut missing = Missing::default();
        assert_eq!(missing.note(Ok(1)), Some(1));
        missing.note::<()>(Err(anyhow::anyhow!("no sam").context("SAM")));
        missing.add("no login");
        let said = missing.end().unwrap_err().to_string();
        assert_eq!(
            said,
            "this cannot be deployed yet:\n  - SAM: no sam\n  - no login"
        );
        let mut one = Missing::default();
        one.add("no login");
        assert_eq!(one.end().unwrap_err().to_string(), "no login");
        Missing::default().end().unwrap();
    }
}
