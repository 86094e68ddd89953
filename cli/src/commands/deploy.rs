//! `guru deploy`: deploys a function with its vendor's own tool.

use std::{env, path::PathBuf};

use anyhow::{Context as _, Result};

use crate::{
    args::{self, Stage},
    artefacts::{self, BuildContext},
    console::Console,
    deployment::Deployment,
    home::Home,
    workspace::Workspace,
};

/// Deploys, deletes or does a dry run. Always returns true; failures are errors.
pub fn run(home: &Home, console: Console, options: &args::Deploy) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let function = artefacts::choose(&workspace, options.function.as_deref(), &here)?;
    let place = workspace.place_of(function).map(PathBuf::from);
    let deployment = Deployment {
        context: BuildContext {
            home,
            console,
            workspace: &workspace,
            function,
            is_release: true,
            features: &options.features,
            lacks: &options.on.lacks()?,
        },
        options: &options.options,
        name: name(function, options.options.stage.unwrap_or(Stage::Prod)),
        place: place.with_context(|| format!("{function} has no folder"))?,
    };
    let deploy = options.on.deployer();
    let deploy =
        deploy.with_context(|| format!("{} is nowhere to deploy to", options.on.name()))?;
    deployment.tell(deploy(&deployment)?)?;
    Ok(true)
}

fn name(function: &str, stage: Stage) -> String {
    format!("{function}-{}", stage.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_is_a_deployment_of_its_own() {
        let stages = [Stage::Dev, Stage::Staging, Stage::Prod];
        assert_eq!(
            stages.map(|stage| name("hello", stage)),
            ["hello-dev", "hello-staging", "hello-prod"]
        );
    }
}
