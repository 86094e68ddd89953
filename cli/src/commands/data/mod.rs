//! `guru data`: what a function keeps, listed, written into a folder, and read from one: the way from one vendor to another.

mod source;

use std::env;

use anyhow::{Context as _, Result, ensure};
use guru_toolbox::data::{
    Store,
    archive::{Archive, Export},
    shown,
};

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
    let open =
        |declared: &[Store], stores: &[Store]| source::serve(&context, wanted, declared, stores);
    match &options.command {
        DataCommand::Ls { prefix, .. } => {
            let declared = source::declared(&context)?;
            let chosen = chosen(&declared, wanted, context.function)?;
            let stores = open(&declared, &chosen)?;
            for store in &chosen {
                stores.each(store, prefix, |key| {
                    say(&format!("{}\t{}", store.name, shown(key)));
                    Ok(())
                })?;
            }
        }
        DataCommand::Export { folder, .. } => {
            let declared = source::declared(&context)?;
            let chosen = chosen(&declared, wanted, context.function)?;
            let export = Export::begin(folder)?;
            let stores = open(&declared, &chosen)?;
            for store in &chosen {
                let (count, gone) = export.store(&stores, store)?;
                let name = &store.name;
                console.note(&format!("{name}: {count} written"));
                for key in gone {
                    console.note(&format!(
                        "{name}: {key:?} was listed, and had nothing when it was read: it is left out"
                    ));
                }
            }
            export.finish()?;
        }
        DataCommand::Import { folder, .. } => {
            let archive = Archive::read(folder)?;
            let declared = source::declared(&context)?;
            // A name that the function does not declare is told as one.
            chosen(&declared, wanted, context.function)?;
            let chosen = archive.choose(&declared, &wanted.store)?;
            for store in &chosen {
                archive.check(store)?;
            }
            let stores = open(&declared, &chosen)?;
            for store in &chosen {
                let count = archive.import(&stores, store)?;
                console.note(&format!("{}: {count} read", store.name));
            }
        }
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
