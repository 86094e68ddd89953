//! `guru data`: what a function keeps, listed, written into a folder, and read from one: the way from one vendor to another.

mod source;

use std::env;

use anyhow::{Context as _, Result, ensure};
use guru_toolbox::data::{Store, archive};

use crate::{
    args::{self, Data, DataCommand},
    artefacts::{self, BuildContext},
    console::{Console, say},
    home::Home,
    workspace::Workspace,
};

/// Reads or writes what a function keeps. Always returns true; failures are errors.
pub fn run(home: &Home, console: Console, options: &Data) -> Result<bool> {
    let workspace = Workspace::find()?;
    let here = env::current_dir().context("the current folder is gone")?;
    let wanted = options.command.wanted();
    let context = BuildContext {
        home,
        console,
        workspace: &workspace,
        function: artefacts::choose(&workspace, wanted.function.as_deref(), &here)?,
        is_release: false,
        features: &wanted.features,
        lacks: &wanted.on.lacks()?,
    };
    wanted.on.check(home)?;
    let archive = match &options.command {
        DataCommand::Ls { .. } => None,
        DataCommand::Export { folder, .. } => {
            archive::check_absent(folder)?;
            None
        }
        DataCommand::Import { folder, .. } => Some(archive::read(folder)?),
    };
    let declared = source::declared(&context)?;
    let mut chosen = chosen(&declared, wanted, context.function)?;
    if let Some(archive) = &archive {
        archive.check(&declared)?;
        chosen.retain(|store| archive.has(&store.name));
    }
    let stores = source::serve(&context, wanted, &declared, &chosen)?;
    for store in &chosen {
        match &options.command {
            DataCommand::Ls { prefix, .. } => stores.each(store, prefix, |key| {
                say(&format!("{}\t{key}", store.name));
                Ok(())
            })?,
            DataCommand::Export { folder, .. } => {
                let count = archive::export(&stores, store, folder)?;
                console.note(&format!("{}: {count} written", store.name));
            }
            DataCommand::Import { folder, .. } => {
                let count = archive::import(&stores, store, folder)?;
                console.note(&format!("{}: {count} read", store.name));
            }
        }
    }
    if let DataCommand::Export { folder, .. } = &options.command {
        archive::finish(folder)?;
    }
    Ok(true)
}

/// The stores that are meant: those that are named, or all of them.
fn chosen(declared: &[Store], wanted: &args::Wanted, function: &str) -> Result<Vec<Store>> {
    ensure!(
        !declared.is_empty(),
        "{function} declares neither a key-value store nor blobs with `guru::ports!`"
    );
    let known: Vec<_> = declared.iter().map(|store| store.name.as_str()).collect();
    for name in &wanted.store {
        ensure!(
            known.contains(&name.as_str()),
            "{function} has no store `{name}`: it has {}",
            known.join(", ")
        );
    }
    let is_meant = |store: &&Store| wanted.store.is_empty() || wanted.store.contains(&store.name);
    Ok(declared.iter().filter(is_meant).cloned().collect())
}
