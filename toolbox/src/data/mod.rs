//! What a function keeps, as `guru data` reads and writes it: by a function that declares the same, over HTTP on this machine, and in a
//! folder.

pub mod archive;
mod stores;

pub use stores::{Stores, TOKEN, token};

use toml_edit::{Array, InlineTable, Value};

use crate::{declared::Port, source::Source};

/// A store that a function declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The name that the function has for it.
    pub name: String,
    /// What it has.
    pub kind: Kind,
}

/// What a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values by key.
    Values,
    /// Values by key, with versions.
    Versions,
    /// Content of any size.
    Blob,
}

impl Store {
    /// The store that a port is, if it is one.
    #[must_use]
    pub fn of(port: &Port) -> Option<Self> {
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

/// The name of the function that reads and writes stores, which its folder and its manifests have.
pub const NAME: &str = "guru-data";

/// The manifest of that function, with this Guru, and these features of it beside those of its stores.
#[must_use]
pub fn manifest(guru: &Source, stores: &[Store], more: &[&str]) -> String {
    let source = guru;
    let mut guru = InlineTable::new();
    match source {
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
    format!(
        "[package]\nname = \"{NAME}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n[lib]\n\
         crate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\nguru = {guru}\n\n[profile.dev]\ndebug = false\n\n[workspace]\n"
    )
}

/// The code of the function that reads and writes stores, but for what is in it for each of them.
const TEMPLATE: &str = include_str!("skeleton/lib.rs");

/// The code of the function that declares these stores, and reads and writes them for [`Stores`].
#[must_use]
pub fn code(stores: &[Store]) -> String {
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
    TEMPLATE
        .replace("{{ports}}", &ports)
        .replace("{{keys}}", &keys)
        .replace("{{read}}", &read)
        .replace("{{write}}", &write)
}

/// A key in a line, whatever is in it.
#[must_use]
pub fn shown(key: &str) -> String {
    let escaped = |char: char| -> String {
        match char {
            _ if char.is_control() || char == '\\' => char.escape_default().collect(),
            _ => char.into(),
        }
    };
    key.chars().map(escaped).collect()
}
