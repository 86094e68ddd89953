//! The build artefacts of a function, from which the vendors' builds are assembled. Independent of any vendor.

pub mod binaryen;
mod component;
mod document;
pub mod host;
pub mod module;
pub mod native;
mod program;
mod routes;
pub mod wasi;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    args::Features, console::Console, declared::Port, files, home::Home, workspace::Workspace,
};

pub use crate::files::{copy_program, replace as write};
pub use document::{Call, DOCUMENT, METHODS, first_call, own as own_document};
pub use guru_toolbox::settings::DATA;
use guru_toolbox::settings::Settings;
pub use guru_toolbox::{
    artefact::{Artefact, gzip, sha256, show},
    output::Output,
};
pub use module::Adapter;
pub use program::program;

/// The context of a build, which every vendor has access to.
#[derive(Clone, Copy)]
pub struct BuildContext<'a> {
    /// Guru's cache of installed tools.
    pub home: &'a Home,
    /// Where progress is reported.
    pub console: Console,
    /// The workspace of the function.
    pub workspace: &'a Workspace,
    /// The package to build.
    pub function: &'a str,
    /// Whether to build with optimisations.
    pub is_release: bool,
    /// The function's own features to build it with.
    pub features: &'a Features,
    /// The ports that the target cannot give.
    pub lacks: &'a [String],
}

impl BuildContext<'_> {
    /// Runs `build` to fill a folder, with the folder locked meanwhile; returns the files that were made.
    ///
    /// # Errors
    ///
    /// When something cannot be built or written.
    pub fn make(
        &self,
        folder: &Path,
        build: impl FnOnce(&Path) -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        self.fill(&self.hold(folder)?, build)
    }

    /// Locks a folder against other builds until the returned value is dropped.
    pub fn hold(&self, folder: &Path) -> Result<Output> {
        Output::hold(self.console, folder)
    }

    /// Runs `build` to fill a folder that is locked already; returns the files that were made.
    ///
    /// # Errors
    ///
    /// When something cannot be built or written.
    pub fn fill(
        &self,
        output: &Output,
        build: impl FnOnce(&Path) -> Result<Vec<PathBuf>>,
    ) -> Result<Vec<PathBuf>> {
        let draft = output.draft()?;
        let made = build(draft.path())?;
        output.publish(made)
    }

    /// Tells cargo the function's features: those that were asked for, and its default ones, but for what needs a port that the target
    /// lacks.
    fn tell_features(&self, cargo: &mut Command, is_told: bool) -> Result<()> {
        let features = self.features;
        let reduced = self.workspace.reduced(self.function, self.lacks)?;
        if let Some(reduced) = reduced.filter(|_| !features.no_default_features) {
            for why in reduced.reasons(&features.features).filter(|_| is_told) {
                self.console.note(&why);
            }
            cargo.args(reduced.options());
        }
        features.tell(cargo);
        Ok(())
    }

    /// Builds the component and precompiles it for the host on this machine; returns the path of the result, and the ports that
    /// the function declares.
    pub fn compile(&self, folder: &Path) -> Result<(PathBuf, Vec<Port>)> {
        let mut ports = Vec::new();
        let made = self.make(folder, |draft| {
            let (compiled, declared) = host::compiled(self, draft)?;
            ports = declared;
            Ok(vec![compiled])
        })?;
        let made = made.into_iter().next().context("a build made no file")?;
        Ok((made, ports))
    }
}

/// The folder of development builds. Releases are never deployed from here.
const DEVELOPMENT: &str = ".dev";

/// The folder of a function's development build for a target.
pub fn development(workspace: &Workspace, target: &str, function: &str) -> PathBuf {
    below(
        &workspace.root().join("dist").join(DEVELOPMENT),
        workspace,
        target,
        function,
    )
}

/// The default output folder of a function for a target.
pub fn dist(workspace: &Workspace, target: &str, function: &str) -> PathBuf {
    below(&workspace.root().join("dist"), workspace, target, function)
}

/// The folder of what a function keeps on this machine, which is made, with a word to git that it is none of its business; or the one that
/// a setting or the environment names, from the root of the workspace.
///
/// # Errors
///
/// When it cannot be made.
pub fn data(workspace: &Workspace, function: &str, settings: &Settings) -> Result<PathBuf> {
    let mut said = settings.iter().filter(|(key, _)| *key == DATA);
    let said = said.next().map(|(_, value)| OsString::from(value));
    let named = said.or_else(|| env::var_os(DATA));
    if let Some(folder) = named.filter(|folder| !folder.is_empty()) {
        return Ok(workspace.root().join(folder));
    }
    let own = workspace.root().join(".guru");
    let ignored = own.join(".gitignore");
    if !ignored.exists() {
        files::write(&ignored, "*\n")?;
    }
    let is_alone = workspace.is_at_the_top(function);
    Ok(if is_alone { own } else { own.join(function) })
}

fn below(top: &Path, workspace: &Workspace, target: &str, function: &str) -> PathBuf {
    let folder = top.join(target);
    if workspace.is_at_the_top(function) {
        folder
    } else {
        folder.join(function)
    }
}

/// Returns the named function, else the function of the current folder, else the workspace's only default member.
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
            "there is no function `prob`: the functions are faults, links, meditations, probe, realworld, users"
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
