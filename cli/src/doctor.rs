//! `guru doctor`: what this machine has, and what each target still needs. Knows which needs what, not how anything is got.

use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    args::{self, Target},
    child,
    console::{mark, say},
    deploy,
    home::Home,
    setup::{self, Found, Scope},
    surroundings, tool,
};

/// A thing that a target needs: what is there of it, or how to get it.
type Need = Result<String, String>;

/// What a target needs.
struct Line {
    target: Target,
    /// To run here.
    dev: Vec<(&'static str, Need)>,
    /// To be deployed.
    deploy: Vec<(&'static str, Need)>,
}

/// Looks. False when a target that was asked about does not run here: one that nobody asked about need not.
pub(crate) fn run(home: &Home, options: &args::Doctor) -> bool {
    let scope = Scope::of(&options.on);
    let found = setup::look_at(home, scope);
    let mut targets = Vec::from(Target::ALL);
    targets.retain(|target| options.on.is_empty() || options.on.contains(target));
    let lines: Vec<_> = targets
        .into_iter()
        .map(|target| line(home, &found, target))
        .collect();
    let all_run = lines.iter().all(|line| is_met(&line.dev));
    let is_well = all_run || options.on.is_empty();
    if options.json {
        let targets = Value::from_iter(lines.iter().map(Line::json));
        say(&json!({"ok": all_run, "home": home.root(), "targets": targets}).to_string());
        return is_well;
    }
    for each in &found {
        say(&format!(
            "{} {:<20} {}",
            mark(each.is_here, each.is_required && !each.targets.is_empty()),
            each.name,
            first_line(&each.text)
        ));
    }
    say("");
    for line in &lines {
        say(&line.text());
    }
    if !all_run {
        let one = if options.on.is_empty() {
            ", and `guru setup --on TARGET` what one target needs"
        } else {
            ""
        };
        say(&format!(
            "\n`guru setup{}` gets what it can{one}; the rest is named above.",
            scope.option()
        ));
    }
    is_well
}

fn line(home: &Home, found: &[Found], target: Target) -> Line {
    let of_setup = |name: &str| -> Need {
        let found = found.iter().find(|found| found.name == name);
        match found {
            Some(found) if found.is_here => Ok(found.text.clone()),
            Some(found) => Err(found.text.clone()),
            None => Err("unknown".to_owned()),
        }
    };
    let wasm = ("wasm targets", of_setup("wasm targets"));
    let (dev, deploy) = match target {
        Target::Local => (vec![("rust", of_setup("rust"))], vec![]),
        Target::Cloudflare => (
            vec![
                wasm,
                (
                    "wrangler",
                    named("WRANGLER_BIN").map_or_else(|| of_setup("wrangler"), Ok),
                ),
            ],
            vec![(
                "login",
                login(
                    deploy::cloudflare_login(),
                    "`wrangler login`, or set CLOUDFLARE_API_TOKEN",
                ),
            )],
        ),
        Target::Spin => (vec![wasm, ("spin", spin())], vec![("plugin", plugin())]),
        Target::Wasi => (vec![wasm], vec![]),
        Target::Lambda => (
            vec![
                wasm,
                (
                    "emulator",
                    named("LAMBDA_RIE_BIN").map_or_else(|| of_setup("lambda emulator"), Ok),
                ),
            ],
            vec![
                ("sam", sam(home)),
                (
                    "login",
                    login(deploy::aws_login(), "`aws configure`, or set AWS_PROFILE"),
                ),
            ],
        ),
    };
    Line {
        target,
        dev,
        deploy,
    }
}

/// What the user names in a variable in place of what would be found.
fn named(variable: &str) -> Option<String> {
    let path = tool::find(variable, || None)?;
    Some(format!("{} of {variable}", path.display()))
}

fn spin() -> Need {
    let spin = tool::find("SPIN_BIN", || which::which("spin").ok());
    let said =
        spin.and_then(|spin| child::output(surroundings::command(spin).arg("--version")).ok());
    said.map(|said| said.trim().to_owned()).ok_or_else(|| {
        "install it as https://spinframework.dev says, or name one in SPIN_BIN".to_owned()
    })
}

fn plugin() -> Need {
    let name = deploy::spin_plugin();
    let spin = tool::find("SPIN_BIN", || which::which("spin").ok());
    let is_here =
        spin.is_some_and(|spin| child::succeeds(Command::new(spin).args([&*name, "--help"])));
    if is_here {
        Ok(name)
    } else {
        Err(format!(
            "`spin plugins install {name}`; SPIN_DEPLOY_PLUGIN names another"
        ))
    }
}

fn sam(home: &Home) -> Need {
    let said = deploy::sam(home)
        .and_then(|sam| child::output(surroundings::command(sam).arg("--version")).ok());
    said.map(|said| said.trim().to_owned())
        .ok_or_else(|| "`guru setup`, or name one in SAM_BIN".to_owned())
}

fn login(found: Option<String>, how: &str) -> Need {
    found.ok_or_else(|| how.to_owned())
}

fn is_met(needs: &[(&str, Need)]) -> bool {
    needs.iter().all(|(_, need)| need.is_ok())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

impl Line {
    fn text(&self) -> String {
        let dev = if is_met(&self.dev) {
            "runs here"
        } else {
            "does not run here"
        };
        let deploy = match (&*self.deploy, is_met(&self.deploy)) {
            ([], _) => "nothing to deploy to",
            (_, true) => "can be deployed",
            (_, false) => "cannot be deployed",
        };
        let mut lines = vec![format!(
            "{} {:<20} {dev}; {deploy}",
            mark(is_met(&self.dev), false),
            self.target.name()
        )];
        for (what, need) in self.dev.iter().chain(&self.deploy) {
            if let Err(how) = need {
                lines.push(format!("    {what}: {}", first_line(how)));
            }
        }
        lines.join("\n")
    }

    fn json(&self) -> Value {
        let needs = |needs: &[(&'static str, Need)]| {
            Value::from_iter(needs.iter().map(|(what, need)| match need {
                Ok(found) => json!({"need": what, "found": found}),
                Err(how) => json!({"need": what, "how": how}),
            }))
        };
        json!({
            "target": self.target.name(),
            "dev": is_met(&self.dev),
            "deploy": !self.deploy.is_empty() && is_met(&self.deploy),
            "to_run": needs(&self.dev),
            "to_deploy": needs(&self.deploy),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_the_way_to_get_it() {
        let line = Line {
            target: Target::Spin,
            dev: vec![("spin", Ok("spin 4".into()))],
            deploy: vec![("plugin", Err("`spin plugins install aka`".into()))],
        };
        let text = line.text();
        assert!(text.contains("runs here; cannot be deployed"), "{text}");
        assert!(
            text.contains("plugin: `spin plugins install aka`"),
            "{text}"
        );
        assert_eq!(line.json()["dev"], true);
        assert_eq!(line.json()["to_deploy"][0]["need"], "plugin");
    }
}
