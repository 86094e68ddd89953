//! The function that reads and writes the stores of another one: it declares the same, and so reaches them by the vendor's own means.

use std::{env, fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use guru_toolbox::data::{Kind, NAME, Store, Stores, TOKEN, code, manifest, token};

use crate::{
    args::Wanted,
    artefacts::{self, BuildContext, wasi},
    declared, files,
    serving::{Settings, address, settings},
    surroundings,
    targets::Target,
    tool,
};

/// Its program.
const MAIN: &str = "guru::main!(guru_data::app);\n";

/// The stores that a function declares, read from its component.
pub(super) fn declared(context: &BuildContext<'_>) -> Result<Vec<Store>> {
    let folder = artefacts::development(context.workspace, "declared", context.function);
    let made = context.make(&folder, |draft| Ok(vec![wasi::build(context, draft)?]))?;
    let component = made.first().context("a build made no file")?;
    let bytes =
        fs::read(component).with_context(|| format!("cannot read {}", component.display()))?;
    let ports = declared::declared(&bytes)?;
    Ok(ports.iter().filter_map(Store::of).collect())
}

/// Serves all stores that are declared, for the sake of some.
pub(super) fn serve(
    context: &BuildContext<'_>,
    wanted: &Wanted,
    declared: &[Store],
    stores: &[Store],
) -> Result<Stores> {
    let file = context.workspace.manifest(context.function, settings::FILE);
    let settings = Settings::read(file.as_deref(), &wanted.env)?;
    let reach = wanted.on.data();
    for (of_blobs, setting, how) in reach.settings {
        let mut meant = stores
            .iter()
            .filter(|store| (store.kind == Kind::Blob) == *of_blobs);
        let unsaid = meant.find(|store| settings.of_port(setting, &store.name).is_none());
        ensure!(
            unsaid.is_none(),
            "{setting} has to say where `{}` is: {how}",
            unsaid.map(|store| store.name.as_str()).unwrap_or_default()
        );
    }
    let folder = write(context, wanted.on, declared)?;
    let root = context.workspace.root();
    let token = token()?;
    let mut command = surroundings::command(tool::own()?);
    command
        .args(["dev", NAME, "--no-watch", "--port", "0", "--on", reach.on])
        .env("CARGO_TARGET_DIR", context.workspace.target())
        .current_dir(&folder);
    // Where stores are, from where the function itself is served, and nothing else of its settings.
    let of_environment = env::vars().filter(|(key, _)| settings::is_place(key));
    for (key, value) in of_environment {
        command.env(key, settings::absolute(root, &value));
    }
    for (key, value) in settings.iter() {
        if settings::is_place(key) {
            command.env(key, settings::absolute(root, value));
        } else if key.starts_with("AWS_") {
            command.env(key, value);
        }
    }
    command.env(
        artefacts::DATA,
        artefacts::data(context.workspace, context.function, &settings)?,
    );
    match reach.secrets {
        // On a command line others would see it.
        Some(name) => files::write_secret(&folder.join(name), &format!("{TOKEN}={token}\n"))?,
        None => drop(command.args(["--env", TOKEN]).env(TOKEN, &token)),
    }
    command.arg("--").args(&wanted.more);
    Stores::start(&mut command, token, address)
}

/// Writes the function for these stores, and returns its folder.
fn write(context: &BuildContext<'_>, target: Target, stores: &[Store]) -> Result<PathBuf> {
    let workspace = context.workspace;
    let folder = workspace.root().join(".guru").join("tools");
    let folder = folder.join(context.function).join(NAME);
    let reach = target.data();
    // Nothing in there is git's business.
    let ignored = workspace.root().join(".guru").join(".gitignore");
    files::write_changed(&ignored, "*\n")?;
    let code = code(stores);
    for (name, text) in [
        (
            "Cargo.toml",
            manifest(&workspace.source()?, stores, reach.features),
        ),
        ("src/lib.rs", code.clone()),
        ("src/main.rs", MAIN.to_owned()),
    ] {
        files::write_changed(&folder.join(name), &text)?;
    }
    // Its dependencies are those that the function has.
    let lock = workspace.root().join("Cargo.lock");
    if lock.is_file() && !folder.join("Cargo.lock").exists() {
        files::copy(&lock, &folder.join("Cargo.lock"))?;
    }
    for (name, skeleton) in target.skeleton() {
        let text = skeleton
            .replace("{{name}}", NAME)
            .replace("{{hosts}}", "[]");
        let text = match workspace.manifest(context.function, name) {
            Some(own) => target.data_manifest(&text, &files::read(&own)?)?,
            None => text,
        };
        // A build adds what is missing, and says so: once, for the same stores.
        let made = folder.join(format!("{name}.made"));
        let wanted = format!("{text}\n{code}");
        if !fs::read_to_string(&made).is_ok_and(|before| before == wanted) {
            files::write(&folder.join(name), &text)?;
            files::write(&made, &wanted)?;
        }
    }
    Ok(folder)
}
