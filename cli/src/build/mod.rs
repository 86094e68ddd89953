//! `guru build`: a function made ready for its vendors. Knows which there are, not what any of them wants.

mod binaryen;
mod cloudflare;
mod component;
mod esbuild;
mod lambda;
mod local;
mod module;
mod openapi;
mod output;
mod report;
mod routes;
mod spin;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    args::{self, Target},
    console::Console,
    home::Home,
    workspace::Workspace,
};

pub(crate) use lambda::{add_to_zip, compile, decide_keys, packed};
pub(crate) use local::program;
pub(crate) use openapi::{Call, first_call, own as own_document};
pub(crate) use output::Output;
pub(crate) use report::{gzip, sha256};

use report::Artefact;

/// What every vendor's build may look at.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) home: &'a Home,
    pub(crate) console: Console,
    pub(crate) workspace: &'a Workspace,
    /// The package that is built.
    pub(crate) function: &'a str,
    /// Whether it is optimised.
    pub(crate) is_release: bool,
}

/// Builds one function. Always true: what goes wrong is an error.
pub(crate) fn run(home: &Home, console: Console, options: &args::Build) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let scene = Scene {
        home,
        console,
        workspace: &workspace,
        function: choose(&workspace, options.function.as_deref(), &here)?,
        is_release: options.release,
    };
    let targets = match &*options.on {
        [] => &Target::ALL,
        some => some,
    };
    let mut artefacts = Vec::new();
    for target in targets {
        let folder = match (&options.out, targets) {
            (Some(folder), [_]) => folder.clone(),
            (Some(_), _) => bail!("--out is the folder of a single target: name it with --on"),
            (None, _) => dist(&workspace, *target, scene.function),
        };
        // Measured before anybody else may build there.
        let output = scene.hold(&folder)?;
        for path in scene.fill(*target, &output)? {
            artefacts.push(Artefact::read(*target, path)?);
        }
    }
    report::show(&artefacts, &here, options.json);
    Ok(true)
}

impl Scene<'_> {
    /// Builds for one target into a folder; says which files are there now.
    pub(crate) fn build(&self, target: Target, folder: &Path) -> Result<Vec<PathBuf>> {
        self.fill(target, &self.hold(folder)?)
    }

    /// Keeps everybody else from building into a folder, until what is returned is dropped.
    pub(crate) fn hold(&self, folder: &Path) -> Result<Output> {
        Output::hold(self.console, folder)
    }

    /// Builds for one target into a folder that is held; says which files are there now.
    pub(crate) fn fill(&self, target: Target, output: &Output) -> Result<Vec<PathBuf>> {
        let draft = output.draft()?;
        let folder = draft.path();
        let made = match target {
            Target::Local => vec![local::build(self, folder)?],
            Target::Cloudflare => cloudflare::build(self, folder)?,
            Target::Spin | Target::Wasi => vec![spin::build(self, folder)?],
            Target::Lambda => lambda::build(self, folder)?,
        };
        output.publish(made)
    }

    /// Builds the component and compiles it for the host that runs here; says where it is.
    pub(crate) fn compile(&self, folder: &Path) -> Result<PathBuf> {
        let output = self.hold(folder)?;
        let draft = output.draft()?;
        let made = output.publish(vec![lambda::compiled(self, draft.path())?])?;
        made.into_iter().next().context("a build made no file")
    }
}

/// What `guru dev` builds goes here: never where a release is deployed from.
const DEVELOPMENT: &str = ".dev";

/// Where what `guru dev` runs goes.
pub(crate) fn development(workspace: &Workspace, target: Target, function: &str) -> PathBuf {
    below(
        &workspace.root().join("dist").join(DEVELOPMENT),
        workspace,
        target,
        function,
    )
}

/// Where a function's result for a target goes, unless another place is named.
pub(crate) fn dist(workspace: &Workspace, target: Target, function: &str) -> PathBuf {
    below(&workspace.root().join("dist"), workspace, target, function)
}

fn below(top: &Path, workspace: &Workspace, target: Target, function: &str) -> PathBuf {
    let folder = top.join(target.name());
    if workspace.is_at_the_top(function) {
        folder
    } else {
        folder.join(function)
    }
}

/// The function that is named, else the one of the current folder, else the only one that `cargo run` means.
pub(crate) fn choose<'a>(
    workspace: &'a Workspace,
    named: Option<&str>,
    here: &Path,
) -> Result<&'a str> {
    let all = workspace.functions();
    let known = || all.join(", ");
    if all.is_empty() {
        bail!(
            "there is no function in {}: `guru new NAME` makes one",
            workspace.root().display()
        );
    }
    if let Some(named) = named {
        return match all.iter().find(|function| *function == named) {
            Some(function) => Ok(function),
            None => bail!(
                "there is no function `{named}`: the functions are {}",
                known()
            ),
        };
    }
    if let Some(function) = workspace.function_of(here) {
        return Ok(function);
    }
    match (workspace.examples(), all) {
        ([function], _) | (_, [function]) => Ok(function),
        _ => bail!("say which function: {}", known()),
    }
}

/// Writes a file whole: whoever reads it meanwhile has the one before or this one.
fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
    fs::write(&unfinished, content)
        .and_then(|()| fs::rename(&unfinished, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a program whole, so that one that runs meanwhile goes on undisturbed.
fn copy_program(from: &Path, to: &Path) -> Result<()> {
    let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    write(to, content)?;
    fs::metadata(from)
        .and_then(|data| fs::set_permissions(to, data.permissions()))
        .with_context(|| format!("cannot make {} executable", to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_or_found_around_the_current_folder() {
        let workspace = Workspace::find().unwrap();
        let root = workspace.root();
        let probe = root.join("functions").join("probe").join("src");
        assert_eq!(choose(&workspace, Some("probe"), root).unwrap(), "probe");
        assert_eq!(choose(&workspace, None, &probe).unwrap(), "probe");
        assert_eq!(choose(&workspace, None, root).unwrap(), "meditations");
        let error = choose(&workspace, Some("prob"), root).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no function `prob`: the functions are faults, meditations, probe"
        );
    }

    #[test]
    fn each_target_and_function_has_a_folder_of_its_own() {
        let workspace = Workspace::find().unwrap();
        let folder = dist(&workspace, Target::Spin, "probe");
        assert_eq!(folder, workspace.root().join("dist/spin/probe"));
        let folder = development(&workspace, Target::Spin, "probe");
        assert_eq!(folder, workspace.root().join("dist/.dev/spin/probe"));
    }
}
