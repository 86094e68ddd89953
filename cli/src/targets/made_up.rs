//! A made-up vendor: what a new vendor has to implement, and how much follows from the registry.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{CommandFactory as _, Parser as _};

use super::{Serve, Served, Target, Vendor};
use crate::{
    args::{Args, Command},
    artefacts::{BuildContext, wasi},
    commands::{doctor, setup::Scope},
    home::Home,
    items::{Item, wasm},
    serving::Session,
    surroundings,
};

pub(super) struct MadeUp;

const NAME: &str = "made-up";

impl Vendor for MadeUp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "A vendor that nobody has heard of"
    }

    fn conformance(&self) -> &'static str {
        "[[driver]]\nname = \"made-up\"\nruntime = \"stand-in\"\n"
    }

    fn build(&self, context: &BuildContext<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
        Ok(vec![wasi::build(context, folder)?])
    }

    fn serve(&self, session: &Session<'_>, request: &Serve<'_>) -> Result<Served> {
        let context = session.context();
        context.make(request.folder, |draft| self.build(context, draft))?;
        Ok(Served {
            command: surroundings::command("made-up"),
            parts: Vec::new(),
            port: Some("--port"),
        })
    }

    fn items(&self) -> &'static [&'static dyn Item] {
        &[&wasm::Targets]
    }
}

#[test]
fn a_line_of_the_registry_is_all_that_the_command_is_told() {
    let target = Target::named(NAME).unwrap();
    // The command line and its help.
    for command in ["build", "dev", "setup", "doctor"] {
        let mut args = Args::command();
        let help = args.find_subcommand_mut(command).unwrap();
        let help = help.render_long_help().to_string();
        assert!(help.contains(target.about()), "{command}: {help}");
    }
    match Args::parse_from(["guru", "dev", "--on", NAME]).command {
        Some(Command::Dev(options)) => assert_eq!(options.on, target),
        other => panic!("{other:?}"),
    }
    // It has no deployer, so `deploy --on` rejects it.
    assert!(Args::try_parse_from(["guru", "deploy", "--on", NAME]).is_err());
    // What is installed for it, and how it is reported.
    let targets = [target];
    let items = Scope::of(&targets).items();
    let names: Vec<_> = items.iter().map(|item| item.name()).collect();
    assert_eq!(names, ["rust", wasm::NAME]);
    let home = Home::from_env().unwrap();
    assert!(doctor::text(&home, target).contains(NAME));
    // Its drivers in the conformance suite.
    let ways = Target::ways().unwrap();
    assert!(ways.iter().any(|way| way.name == NAME));
}

/// No other code names the vendors.
#[test]
fn no_list_of_vendors_is_anywhere_else() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut ahead = vec![source.clone()];
    let mut found = Vec::new();
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            ahead.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let below = path.strip_prefix(&source).unwrap();
        if below.starts_with("targets") || path.extension().is_none_or(|kind| kind != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for target in Target::all() {
            let name = format!("\"{}\"", target.name());
            let lines = code.lines().map(str::trim);
            let mut lines = lines.filter(|line| !line.starts_with("//"));
            if lines.any(|line| line.contains(&name)) {
                found.push(format!("{} in {}", target.name(), below.display()));
            }
        }
    }
    // The default of `guru dev` and `guru data`, and an adapter that shares a vendor's name.
    let fine = [
        "local in args/data.rs",
        "local in args/function.rs",
        "wasi in artefacts/wasi.rs",
    ];
    found.retain(|known| !fine.contains(&&**known));
    assert_eq!(found, [""; 0]);
}
