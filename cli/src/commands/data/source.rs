//! The function that reads and writes the stores of another one: it declares the same, and so reaches them by the vendor's own means.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use guru_toolbox::source::Source;
use toml_edit::{Array, DocumentMut, InlineTable, Value, value};

use super::{Kind, Store};
use crate::{
    artefacts::{self, BuildContext, wasi},
    declared::{self, Port},
    files,
    targets::Target,
    workspace::Workspace,
};

/// Its name, which its folder and its manifests have.
pub(super) const NAME: &str = "guru-data";

/// Its code.
const LIB: &str = include_str!("skeleton/lib.rs");

/// Its program.
const MAIN: &str = "guru::main!(guru_data::app);\n";

/// The stores that a function declares, read from its component.
pub(super) fn declared(context: &BuildContext<'_>) -> Result<Vec<Store>> {
    let folder = artefacts::development(context.workspace, "declared", context.function);
    let made = context.make(&folder, |draft| Ok(vec![wasi::build(context, draft)?]))?;
    let component = made.first().context("a build made no file")?;
    let bytes =
        std::fs::read(component).with_context(|| format!("cannot read {}", component.display()))?;
    let ports = declared::declared(&bytes)?;
    Ok(ports.iter().filter_map(Store::of).collect())
}

/// Writes the function for these stores, and returns its folder.
pub(super) fn write(
    context: &BuildContext<'_>,
    target: Target,
    stores: &[Store],
) -> Result<PathBuf> {
    let workspace = context.workspace;
    let folder = workspace.root().join(".guru").join("tools");
    let folder = folder.join(context.function).join(NAME);
    let reach = target.data();
    for (name, text) in [
        ("Cargo.toml", manifest(workspace, stores, reach.features)?),
        ("src/lib.rs", code(stores)),
        ("src/main.rs", MAIN.to_owned()),
    ] {
        write_changed(&folder.join(name), &text)?;
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
        // A build adds what is missing, and says so: once.
        let made = folder.join(format!("{name}.made"));
        if !std::fs::read_to_string(&made).is_ok_and(|before| before == text) {
            files::write(&folder.join(name), &text)?;
            files::write(&made, &text)?;
        }
    }
    Ok(folder)
}

/// Leaves a file alone that has this content: cargo would build it anew.
fn write_changed(path: &Path, text: &str) -> Result<()> {
    if std::fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    files::write(path, text)
}

/// Its Cargo.toml: on the same Guru as the function.
fn manifest(workspace: &Workspace, stores: &[Store], more: &[&str]) -> Result<String> {
    let mut guru = InlineTable::new();
    match workspace.source()? {
        Source::Folder(folder) | Source::Checkout(folder) => {
            let path = folder.join("guru");
            guru.insert("path", path.to_string_lossy().into_owned().into());
        }
        Source::Registry(version) => {
            guru.insert("version", format!("={version}").into());
        }
    }
    let mut features = Array::new();
    if stores.iter().any(|store| store.kind != Kind::Blob) {
        features.push("key-value");
    }
    if stores.iter().any(|store| store.kind == Kind::Blob) {
        features.push("blob");
    }
    features.extend(more.iter().copied());
    guru.insert("features", Value::Array(features));
    let mut document: DocumentMut = format!(
        "[package]\nname = \"{NAME}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n[lib]\n\
         crate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\n\n\
         [profile.dev]\ndebug = false\n\n[workspace]\n"
    )
    .parse()?;
    document["dependencies"]["guru"] = value(guru);
    Ok(document.to_string())
}

/// Its code, for these stores.
fn code(stores: &[Store]) -> String {
    let lines = |line: &dyn Fn(&Store) -> String| -> String {
        let all: Vec<_> = stores
            .iter()
            .map(|store| format!("        {}", line(store)))
            .collect();
        all.join("\n")
    };
    let ports = lines(&|Store { name, kind }| {
        let port = match kind {
            Kind::Values => "KeyValue",
            Kind::Versions => "KeyValue + Atomic",
            Kind::Blob => "Blob",
        };
        format!("pub(crate) {name}: {port},")
    });
    let keys = lines(&|Store { name, kind }| {
        let of = if *kind == Kind::Blob {
            "blobs"
        } else {
            "values"
        };
        format!("\"{name}\" => {of}(cx.port(ports::{name}).list(query).await?),")
    });
    let read = lines(&|Store { name, kind }| {
        let answer = match kind {
            Kind::Values => "value(found.into_bytes())",
            Kind::Versions => "value(found.into_stored().into_bytes())",
            Kind::Blob => "blob(found)",
        };
        format!(
            "\"{name}\" => cx.port(ports::{name}).get(&key).await?.map(|found| {answer}).transpose()?,"
        )
    });
    let write = lines(&|Store { name, kind }| match kind {
        Kind::Blob => format!(
            "\"{name}\" => drop(cx.port(ports::{name}).put(&key, &content_type, req.take_body()).await?),"
        ),
        _ => format!(
            "\"{name}\" => cx.port(ports::{name}).set(&key, req.bytes().await?.to_vec()).await?,"
        ),
    });
    LIB.replace("{{ports}}", &ports)
        .replace("{{keys}}", &keys)
        .replace("{{read}}", &read)
        .replace("{{write}}", &write)
}

impl Store {
    /// The store that a port is, if it is one.
    fn of(port: &Port) -> Option<Self> {
        let (name, kind) = match port {
            Port::KeyValue {
                name,
                atomic: false,
            } => (name, Kind::Values),
            Port::KeyValue { name, .. } => (name, Kind::Versions),
            Port::Blob { name } => (name, Kind::Blob),
            _ => return None,
        };
        let name = name.clone();
        Some(Self { name, kind })
    }
}
