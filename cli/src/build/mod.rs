//! `guru build`: a function made ready for one vendor. Knows which vendors there are, not what any of them wants.

mod binaryen;
mod cloudflare;
mod lambda;
mod module;
mod spin;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    args::{self, Vendor},
    console::Console,
    home::Home,
    workspace::Workspace,
};

/// What every vendor's build may look at.
#[derive(Clone, Copy)]
struct Scene<'a> {
    home: &'a Home,
    console: Console,
    workspace: &'a Workspace,
    /// The package that is built.
    function: &'a str,
    /// Where the result goes.
    folder: &'a Path,
}

/// Builds one function. Always true: what goes wrong is an error.
pub(crate) fn run(home: &Home, console: Console, options: &args::Build) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = std::env::current_dir().context("the current folder is gone")?;
    let function = choose(&workspace, options.function.as_deref(), &here)?;
    let folder = match &options.out {
        Some(folder) => folder.clone(),
        None => folder(&workspace, options.on, function),
    };
    let scene = Scene {
        home,
        console,
        workspace: &workspace,
        function,
        folder: &folder,
    };
    match options.on {
        Vendor::Cloudflare => cloudflare::build(&scene)?,
        Vendor::Spin => drop(spin::build(&scene)?),
        Vendor::Lambda => lambda::build(&scene)?,
    }
    Ok(true)
}

/// Where a function's result for a vendor goes, unless another place is named.
fn folder(workspace: &Workspace, vendor: Vendor, function: &str) -> PathBuf {
    let all = workspace.root().join("build");
    all.join(vendor.name()).join(function)
}

/// Builds the component and compiles it for the host that runs here; says where it is.
pub(crate) fn compiled(
    home: &Home,
    console: Console,
    workspace: &Workspace,
    function: &str,
) -> Result<PathBuf> {
    let folder = folder(workspace, Vendor::Lambda, function);
    lambda::compiled(&Scene {
        home,
        console,
        workspace,
        function,
        folder: &folder,
    })
}

/// The function that is named, else the one of the current folder, else the only one that `cargo run` means.
pub(crate) fn choose<'a>(
    workspace: &'a Workspace,
    named: Option<&str>,
    here: &Path,
) -> Result<&'a str> {
    let all = workspace.functions();
    let known = || all.join(", ");
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
    match workspace.examples() {
        [function] => Ok(function),
        _ => bail!("say which function to build: {}", known()),
    }
}

/// Writes a file whole: whoever reads it meanwhile has the one before or this one.
fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
    fs::write(&unfinished, content)
        .and_then(|()| fs::rename(&unfinished, path))
        .with_context(|| format!("cannot write {}", path.display()))
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
}
