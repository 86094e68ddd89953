//! `guru doctor`: reports what this machine has and what each target still needs.

use std::env;

use serde_json::{Value, json};

use crate::{
    args,
    commands::setup::{self, ItemStatus, Scope},
    console::{mark, say},
    home::Home,
    source::Source,
    targets::{Need, Target},
    workspace::Workspace,
};

/// The needs of a target.
struct Diagnosis {
    target: Target,
    /// Needed to run here.
    dev: Vec<(&'static str, Need)>,
    /// Needed to deploy.
    deploy: Vec<(&'static str, Need)>,
}

/// Prints the diagnosis. Returns false when a target that was asked for cannot run here; other targets may be missing.
pub fn run(home: &Home, options: &args::Doctor) -> bool {
    let scope = Scope::of(&options.on);
    let found = setup::look_at(home, scope);
    let mut targets = Target::all().to_vec();
    targets.retain(|target| options.on.is_empty() || options.on.contains(target));
    let lines: Vec<_> = targets
        .into_iter()
        .map(|target| line(home, &found, target))
        .collect();
    let all_run = lines.iter().all(|line| is_met(&line.dev));
    let project = project();
    let is_whole = !matches!(project, Some(Err(_)));
    let is_well = is_whole && (all_run || options.on.is_empty());
    if options.json {
        let targets = Value::from_iter(lines.iter().map(Diagnosis::json));
        let project = project.as_ref().map(|need| json_of("guru", need));
        let ok = all_run && is_whole;
        let said = json!({"ok": ok, "home": home.root(), "project": project, "targets": targets});
        say(&said.to_string());
        return is_well;
    }
    if let Some(project) = &project {
        let text = match project {
            Ok(text) | Err(text) => text.replace('\n', "\n    "),
        };
        say(&format!(
            "{} {:<20} {text}",
            mark(is_whole, true),
            "this project"
        ));
    }
    for each in &found {
        say(&format!(
            "{} {:<20} {}",
            mark(each.is_here, each.is_required),
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

/// The Guru that the function of the current folder depends on, or why cargo cannot resolve it; `None` where there is no
/// function.
fn project() -> Option<Need> {
    let is_in_one = || {
        let here = env::current_dir().ok()?;
        let mut folders = here.ancestors();
        folders.find(|folder| folder.join("Cargo.toml").is_file())?;
        Some(())
    };
    is_in_one()?;
    let workspace = match Workspace::find() {
        Ok(workspace) if workspace.functions().is_empty() => return None,
        Ok(workspace) => workspace,
        Err(error) => return Some(Err(format!("{error:#}"))),
    };
    Some(match workspace.source() {
        Ok(Source::Registry(version)) => Ok(format!("is made with guru {version}")),
        Ok(Source::Folder(folder)) => Ok(format!("is made with the guru in {}", folder.display())),
        Ok(Source::Checkout(folder)) => Ok(format!(
            "is made with the guru that cargo has in {}",
            folder.display()
        )),
        Err(error) => Err(format!("{error:#}")),
    })
}

fn json_of(what: &str, need: &Need) -> Value {
    match need {
        Ok(found) => json!({"need": what, "found": found}),
        Err(how) => json!({"need": what, "how": how}),
    }
}

/// The report on one target.
#[cfg(test)]
pub fn text(home: &Home, target: Target) -> String {
    let targets = [target];
    line(home, &setup::look_at(home, Scope::of(&targets)), target).text()
}

fn line(home: &Home, found: &[ItemStatus], target: Target) -> Diagnosis {
    let of_setup = |name: &str| -> Need {
        let found = found.iter().find(|found| found.name == name);
        match found {
            Some(found) if found.is_here => Ok(found.text.clone()),
            Some(found) => Err(found.text.clone()),
            None => Err("unknown".to_owned()),
        }
    };
    Diagnosis {
        target,
        dev: target.needs(home, &of_setup),
        deploy: target.needs_to_deploy(home),
    }
}

fn is_met(needs: &[(&str, Need)]) -> bool {
    needs.iter().all(|(_, need)| need.is_ok())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

impl Diagnosis {
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
            Value::from_iter(needs.iter().map(|(what, need)| json_of(what, need)))
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
        let line = Diagnosis {
            target: Target::named("spin").unwrap(),
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
