//! What a function is built to: the parts of which vendors' builds are made. Knows no vendor.

pub mod binaryen;
mod component;
mod document;
pub mod host;
pub mod module;
pub mod native;
mod output;
mod program;
mod report;
mod routes;
pub mod wasi;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{console::Console, home::Home, workspace::Workspace};

pub use document::{Call, DOCUMENT, METHODS, first_call, own as own_document};
pub use module::Adapter;
pub use output::Output;
pub use program::program;
pub use report::{Artefact, gzip, sha256, show};

/// What every vendor's build may look at.
#[derive(Clone, Copy)]
pub struct BuildContext<'a> {
    /// What is installed.
    pub home: &'a Home,
    /// Where progress is shown.
    pub console: Console,
    /// What the function is in.
    pub workspace: &'a Workspace,
    /// The package that is built.
    pub function: &'a str,
    /// Whether it is optimised.
    pub is_release: bool,
}

impl BuildContext<'_> {
    /// Has `build` fill a folder, in which nobody else builds meanwhile; says which files are there now.
    ///
    /// # Errors
    ///
    /// When something cannot be built, or written.
    pub fn make(
        &self,
        folder: &Path,
        build: impl FnOnce(&Path) -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        self.fill(&self.hold(folder)?, build)
    }

    /// Keeps everybody else from building into a folder, until what is returned is dropped.
    pub fn hold(&self, folder: &Path) -> Result<Output> {
        Output::hold(self.console, folder)
    }

    /// Has `build` fill a folder that is held; says which files are there now.
    ///
    /// # Errors
    ///
    /// When something cannot be built, or written.
    pub fn fill(
        &self,
        output: &Output,
        build: impl FnOnce(&Path) -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        let draft = output.draft()?;
        let made = build(draft.path())?;
        output.publish(made)
    }

    /// Builds the component and compiles it for the host that runs here; says where it is.
    pub fn compile(&self, folder: &Path) -> Result<PathBuf> {
        let made = self.make(folder, |draft| Ok(vec![host::compiled(self, draft)?]))?;
        made.into_iter().next().context("a build made no file")
    }
}

/// What `guru dev` builds goes here: never where a release is deployed from.
const DEVELOPMENT: &str = ".dev";

/// Where what `guru dev` runs goes.
pub fn development(workspace: &Workspace, target: &str, function: &str) -> PathBuf {
    below(
        &workspace.root().join("dist").join(DEVELOPMENT),
        workspace,
        target,
        function,
    )
}

/// Where a function's result for a target goes, unless another place is named.
pub fn dist(workspace: &Workspace, target: &str, function: &str) -> PathBuf {
    below(&workspace.root().join("dist"), workspace, target, function)
}

fn below(top: &Path, workspace: &Workspace, target: &str, function: &str) -> PathBuf {
    let folder = top.join(target);
    if workspace.is_at_the_top(function) {
        folder
    } else {
        folder.join(function)
    }
}

/// The function that is named, else the one of the current folder, else the only one that `cargo run` means.
pub fn choose<'a>(workspace: &'a Workspace, named: Option<&str>, here: &Path) -> Result<&'a str> {
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
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
    fs::write(&unfinished, content)
        .and_then(|()| fs::rename(&unfinished, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a program whole, so that one that runs meanwhile goes on undisturbed.
pub fn copy_program(from: &Path, to: &Path) -> Result<()> {
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
        let folder = dist(&workspace, "spin", "probe");
        assert_eq!(folder, workspace.root().join("dist/spin/probe"));
        let folder = development(&workspace, "spin", "probe");
        assert_eq!(folder, workspace.root().join("dist/.dev/spin/probe"));
    }
}
