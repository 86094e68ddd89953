//! `guru conform`: runs the conformance vectors against a function or a deployed probe.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use conformance::{Arguments, Options, Project};

use crate::{args, artefacts, targets::Target, tool, workspace::Workspace};

/// The timeout of one exchange.
const LIMIT: Duration = Duration::from_secs(30);

/// Runs the vectors. Returns false when a case failed.
pub fn run(options: &args::Conform) -> Result<bool> {
    let workspace = match (Workspace::find(), &options.url) {
        (Ok(workspace), _) => workspace,
        // A deployed probe can be driven from anywhere, even outside a workspace.
        (Err(_), Some(_)) => return play(Path::new("conformance").to_owned(), None, options),
        (Err(error), None) => return Err(error),
    };
    let folder = workspace.target().join("conformance");
    // Guru's own functions run the whole suite; any other function runs the vectors that apply to every function.
    let project = if options.url.is_none() && workspace.core().is_none() {
        Some(project(&workspace, None)?)
    } else {
        None
    };
    play(folder, project, options)
}

/// The project of the current folder, as the suite starts it.
pub fn project(workspace: &Workspace, named: Option<&str>) -> Result<Project> {
    let here = env::current_dir().context("the current folder is gone")?;
    Ok(Project {
        guru: tool::own()?.to_owned(),
        function: artefacts::choose(workspace, named, &here)?.to_owned(),
        folder: workspace.root().to_owned(),
    })
}

/// Runs the vectors that apply to `project`, or all of them without one; writes the report into `folder`.
pub fn play(
    mut folder: PathBuf,
    project: Option<Project>,
    options: &args::Conform,
) -> Result<bool> {
    if let Some(project) = &project {
        folder.push(&project.function);
    }
    let run = conformance::run(&Options {
        ways: Target::ways()?,
        arguments: Arguments::default(),
        on: options.on.clone(),
        require: options.require.clone(),
        url: options.url.clone(),
        project,
        folder,
        page: None,
        limit: LIMIT,
    })?;
    Ok(run.passed)
}
