//! `guru deploy`: a function put where it is used, by its vendor's own tool. Knows which vendors there are, not what any of them
//! is asked.

mod aws;
mod cloudflare;
mod spin;

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use crate::{
    args::{self, Provider, Stage},
    build::{self, Call, Scene},
    child,
    console::{Console, say},
    home::Home,
    leash::Leash,
    workspace::Workspace,
};

pub(crate) use aws::{login as aws_login, sam};
pub(crate) use cloudflare::login as cloudflare_login;
pub(crate) use spin::plugin as spin_plugin;

/// A deployment: which function, where, and what is told of it.
struct Deployment<'a> {
    scene: Scene<'a>,
    options: &'a args::Deploy,
    /// What it is called at the vendor's: the function's name and the stage's.
    name: String,
    /// The folder of the vendor's manifest.
    place: PathBuf,
}

/// Where a function answers once it is deployed.
struct Answers {
    url: String,
    /// What a request needs besides, for a shell.
    header: Option<String>,
}

/// What a deployment lacks: all of it is said at once.
#[derive(Debug, Default)]
struct Missing(Vec<String>);

impl Missing {
    /// Takes what is there; what is not, is told at the end.
    fn note<T>(&mut self, looked: Result<T>) -> Option<T> {
        looked.map_err(|error| self.add(format!("{error:#}"))).ok()
    }

    fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    /// An error, if anything was not there.
    fn end(self) -> Result<()> {
        match &*self.0 {
            [] => Ok(()),
            [one] => bail!("{one}"),
            all => bail!("this cannot be deployed yet:\n  - {}", all.join("\n  - ")),
        }
    }
}

/// Deploys, deletes or shows. Always true: what goes wrong is an error.
pub(crate) fn run(home: &Home, console: Console, options: &args::Deploy) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let function = build::choose(&workspace, options.function.as_deref(), &here)?;
    let place = workspace.place_of(function).map(PathBuf::from);
    let deployment = Deployment {
        scene: Scene {
            home,
            console,
            workspace: &workspace,
            function,
            is_release: true,
        },
        options,
        name: name(function, options.stage.unwrap_or(Stage::Prod)),
        place: place.with_context(|| format!("{function} has no folder"))?,
    };
    let answers = match options.on {
        Provider::Cloudflare => cloudflare::deploy(&deployment)?,
        Provider::Spin => spin::deploy(&deployment)?,
        Provider::Aws => aws::deploy(&deployment)?,
    };
    deployment.tell(answers)?;
    Ok(true)
}

fn name(function: &str, stage: Stage) -> String {
    format!("{function}-{}", stage.name())
}

impl Deployment<'_> {
    /// The stage's name.
    fn stage(&self) -> &'static str {
        self.options.stage.unwrap_or(Stage::Prod).name()
    }

    /// The vendor's manifest.
    fn manifest(&self, name: &str) -> Result<PathBuf> {
        let found = self.scene.workspace.manifest(self.scene.function, name);
        found.with_context(|| {
            format!(
                "{} has no {name}: put one into its folder, as `guru new` does",
                self.scene.function
            )
        })
    }

    /// Shows a command; runs it, unless nothing is to run. What it prints on standard output is shown, and returned.
    fn run(&self, command: &mut Command) -> Result<String> {
        command.current_dir(&self.place);
        eprintln!("$ {}", child::spell(command));
        if self.options.dry_run {
            return Ok(String::new());
        }
        self.run_anyway(command)
    }

    /// Runs a command that changes nothing, whatever is to run.
    #[expect(clippy::unused_self, reason = "it is the other half of `run`")]
    fn run_anyway(&self, command: &mut Command) -> Result<String> {
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

    fn tell(&self, answers: Option<Answers>) -> Result<()> {
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
    fn curl(&self, answers: &Answers) -> String {
        let document = build::own_document(&self.scene).ok();
        let call = document
            .as_ref()
            .and_then(build::first_call)
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

    #[test]
    fn each_stage_is_a_deployment_of_its_own() {
        let stages = [Stage::Dev, Stage::Staging, Stage::Prod];
        assert_eq!(
            stages.map(|stage| name("hello", stage)),
            ["hello-dev", "hello-staging", "hello-prod"]
        );
    }
}
