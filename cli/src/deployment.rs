//! A function that is put where it is used: what its vendor may look at to do so. Knows no vendor.

use std::{
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

/// A deployment: which function, where, and what is told of it.
pub struct Deployment<'a> {
    /// What is built for it.
    pub context: BuildContext<'a>,
    /// What was asked for.
    pub options: &'a DeployOptions,
    /// What it is called at the vendor's: the function's name and the stage's.
    pub name: String,
    /// The folder of the vendor's manifest.
    pub place: PathBuf,
}

/// Where a function answers once it is deployed.
pub struct Deployed {
    /// Its address.
    pub url: String,
    /// What a request needs besides, for a shell.
    pub header: Option<String>,
}

/// What a deployment lacks: all of it is said at once.
#[derive(Debug, Default)]
pub struct Missing(Vec<String>);

impl Missing {
    /// Takes what is there; what is not, is told at the end.
    pub fn note<T>(&mut self, looked: Result<T>) -> Option<T> {
        looked.map_err(|error| self.add(format!("{error:#}"))).ok()
    }

    /// Notes something that is not there.
    pub fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    /// An error, if anything was not there.
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

    /// The vendor's manifest.
    pub fn manifest(&self, name: &str) -> Result<PathBuf> {
        let found = self.context.workspace.manifest(self.context.function, name);
        found.with_context(|| {
            format!(
                "{} has no {name}: put one into its folder, as `guru new` does",
                self.context.function
            )
        })
    }

    /// Shows a command; runs it, unless nothing is to run. What it prints on standard output is shown, and returned.
    pub fn run(&self, command: &mut Command) -> Result<String> {
        command.current_dir(&self.place);
        eprintln!("$ {}", child::spell(command));
        if self.options.dry_run {
            return Ok(String::new());
        }
        self.run_anyway(command)
    }

    /// Runs a command that changes nothing, whatever is to run.
    pub fn run_anyway(&self, command: &mut Command) -> Result<String> {
        let spelt = child::spell(command);
        command.stdin(Stdio::inherit()).stdout(Stdio::piped());
        let running = Leash::spawn(command).with_context(|| format!("cannot start `{spelt}`"))?;
        let out = running.child().stdout.take();
        let said = out.map(child::show).transpose()?.unwrap_or_default();
        let status = running
            .wait()
            .with_context(|| format!("cannot wait for `{spelt}`"))?;
        if !status.success() {
            bail!(
                "`{spelt}` {}; what it said is above",
                child::describe(status)
            );
        }
        Ok(said)
    }

    /// Says what was done, and how the function is asked.
    ///
    /// # Errors
    ///
    /// When it cannot be said.
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

    /// A request that the function answers, to be typed.
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
