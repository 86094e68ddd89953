//! `guru build`: builds a function for its vendors.

use std::env;

use anyhow::{Context as _, Result, bail};

use crate::{
    args,
    artefacts::{self, Artefact, BuildContext},
    console::Console,
    declared::Lacking,
    home::Home,
    targets::Target,
    workspace::Workspace,
};

/// Builds one function. Always returns true; failures are errors.
pub fn run(home: &Home, console: Console, options: &args::Build) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let context = BuildContext {
        home,
        console,
        workspace: &workspace,
        function: artefacts::choose(&workspace, options.function.as_deref(), &here)?,
        is_release: options.release,
        features: &options.features,
        lacks: &[],
    };
    let targets = match &*options.on {
        [] => Target::all(),
        some => some,
    };
    let mut made = Vec::new();
    for target in targets {
        let folder = match (&options.out, targets) {
            (Some(folder), [_]) => folder.clone(),
            (Some(_), _) => bail!("--out is the folder of a single target: name it with --on"),
            (None, _) => artefacts::dist(&workspace, target.name(), context.function),
        };
        let context = BuildContext {
            lacks: &target.lacks()?,
            ..context
        };
        // Stays locked while the files are measured.
        let output = context.hold(&folder)?;
        let built = context.fill(&output, |draft| target.build(&context, draft));
        if let Err(error) = &built
            && options.on.is_empty()
            && let Some(lacking) = error.downcast_ref::<Lacking>()
        {
            console.note(&format!("nothing for {}: {lacking}", target.name()));
            continue;
        }
        for path in built? {
            made.push(Artefact::read(target.name(), path)?);
        }
    }
    artefacts::show(&made, &here, options.json);
    Ok(true)
}
