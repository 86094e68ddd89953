//! The folder that data is exported into, and imported from: for each store a file `NAME.jsonl`, a line of JSON a key. A value stands in
//! it as text, or in base64 where it is none; a blob is a file of its own below `NAME/`, with its type in the line.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use super::{Kind, Store, Stores};

/// What stands at the end of a file with the keys of a store.
const ENDING: &str = ".jsonl";

/// A key, and what it has: text, or bytes in base64, or a file with the content of a blob of this type.
#[derive(Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

/// What a key has.
enum Content<'a> {
    Value(Cow<'a, [u8]>),
    Blob {
        content_type: &'a str,
        file: &'a str,
    },
}

impl Line {
    fn content(&self) -> Result<Content<'_>> {
        match self {
            Self {
                text: Some(text),
                base64: None,
                content_type: None,
                file: None,
                ..
            } => Ok(Content::Value(text.as_bytes().into())),
            Self {
                text: None,
                base64: Some(base64),
                content_type: None,
                file: None,
                ..
            } => {
                let bytes = BASE64_STANDARD.decode(base64);
                Ok(Content::Value(bytes.context("this is no base64")?.into()))
            }
            Self {
                text: None,
                base64: None,
                content_type: Some(content_type),
                file: Some(file),
                ..
            } => Ok(Content::Blob { content_type, file }),
            _ => bail!(
                "a line has `key`, and beside it `text`, or `base64`, or `content_type` and `file`"
            ),
        }
    }
}

/// What a folder has, without what is in it.
pub struct Archive(BTreeSet<String>);

/// Fails where there is something already: what is exported is written into a new folder.
pub fn check_absent(folder: &Path) -> Result<()> {
    ensure!(
        !folder.exists(),
        "{} is there already: name a folder that is not",
        folder.display()
    );
    Ok(())
}

/// Where an export is written until all of it is there.
fn draft(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    folder.with_file_name(name)
}

/// Writes a store; returns how many keys it has.
pub fn export(stores: &Stores, store: &Store, folder: &Path) -> Result<u64> {
    let draft = draft(folder);
    let path = draft.join(format!("{}{ENDING}", store.name));
    fs::create_dir_all(&draft).with_context(|| format!("cannot make {}", draft.display()))?;
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut lines = BufWriter::new(file);
    let mut count = 0;
    stores.each(store, "", |key| {
        // One that has gone since it was listed is none.
        let Some((content_type, mut content)) = stores.read(store, key)? else {
            return Ok(());
        };
        count += 1;
        let mut line = Line {
            key: key.to_owned(),
            ..Line::default()
        };
        if store.kind == Kind::Blob {
            let name = format!("{}/{count:06}", store.name);
            let path = draft.join(&name);
            fs::create_dir_all(draft.join(&store.name))?;
            let mut file = File::create(&path)?;
            std::io::copy(&mut content, &mut file)
                .with_context(|| format!("cannot write {}", path.display()))?;
            (line.content_type, line.file) = (Some(content_type), Some(name));
        } else {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            match String::from_utf8(bytes) {
                Ok(text) => line.text = Some(text),
                Err(error) => line.base64 = Some(BASE64_STANDARD.encode(error.as_bytes())),
            }
        }
        serde_json::to_writer(&mut lines, &line)?;
        Ok(lines.write_all(b"\n")?)
    })?;
    lines.flush()?;
    Ok(count)
}

/// Gives a whole export its name.
pub fn finish(folder: &Path) -> Result<()> {
    let draft = draft(folder);
    fs::rename(&draft, folder)
        .with_context(|| format!("{} cannot be called {}", draft.display(), folder.display()))
}

/// Reads which stores are in a folder.
pub fn read(folder: &Path) -> Result<Archive> {
    let entries = fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    let names = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.strip_suffix(ENDING).map(str::to_owned)
    });
    let names: BTreeSet<_> = names.collect();
    ensure!(
        !names.is_empty(),
        "{} has no file NAME{ENDING}, as `guru data export` writes one for each store",
        folder.display()
    );
    Ok(Archive(names))
}

impl Archive {
    /// Whether it has a store of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Fails where it has a store that the function does not declare: it would be left out.
    pub fn check(&self, declared: &[Store]) -> Result<()> {
        let is_known = |name: &&String| declared.iter().any(|store| store.name == **name);
        match self.0.iter().find(|name| !is_known(name)) {
            Some(name) => bail!(
                "the function declares no store `{name}`, which is in the folder: name those that are meant with --store"
            ),
            None => Ok(()),
        }
    }
}

/// Reads a store; returns how many keys it has. The file is read as a whole first: nothing of a malformed one is written.
pub fn import(stores: &Stores, store: &Store, folder: &Path) -> Result<u64> {
    let path = folder.join(format!("{}{ENDING}", store.name));
    each(&path, |line| check(&line, store.kind, folder))?;
    each(&path, |line| match line.content()? {
        Content::Value(bytes) => stores.set(store, &line.key, &bytes),
        Content::Blob { content_type, file } => {
            let file = File::open(folder.join(file))?;
            stores.store(store, &line.key, content_type, &file)
        }
    })
}

/// Does something with each line of a file; returns how many there are.
fn each(path: &Path, mut each: impl FnMut(Line) -> Result<()>) -> Result<u64> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut count = 0;
    for line in BufReader::new(file).lines() {
        count += 1;
        let line = line.map_err(Into::into);
        let line = line.and_then(|line| Ok(serde_json::from_str(&line)?));
        line.and_then(&mut each)
            .with_context(|| format!("{}:{count}", path.display()))?;
    }
    Ok(count)
}

/// Whether a line can be written into a store of this kind.
fn check(line: &Line, kind: Kind, folder: &Path) -> Result<()> {
    match line.content()? {
        Content::Blob { file, .. } => {
            ensure!(
                kind == Kind::Blob,
                "this is a blob, and the store has values"
            );
            let mut parts = Path::new(file).components();
            ensure!(
                parts.all(|part| matches!(part, Component::Normal(_))),
                "{file:?} is not below the folder"
            );
            let path = folder.join(file);
            ensure!(path.is_file(), "there is no file {}", path.display());
        }
        Content::Value(_) => {
            ensure!(
                kind != Kind::Blob,
                "this is a value, and the store has blobs"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_a_key_has() {
        for (text, kind, is_right) in [
            (r#"{"key":"a","text":"grüß"}"#, Kind::Values, true),
            (r#"{"key":"a","base64":"/w=="}"#, Kind::Versions, true),
            (r#"{"key":"a","base64":"?"}"#, Kind::Values, false),
            (r#"{"key":"a","text":"b"}"#, Kind::Blob, false),
            (
                r#"{"key":"a","content_type":"b/c","file":"../a"}"#,
                Kind::Blob,
                false,
            ),
            (
                r#"{"key":"a","content_type":"b/c","file":"/etc/passwd"}"#,
                Kind::Blob,
                false,
            ),
            (
                r#"{"key":"a","content_type":"b/c","file":"none"}"#,
                Kind::Blob,
                false,
            ),
            (
                r#"{"key":"a","content_type":"b/c","file":"there"}"#,
                Kind::Blob,
                true,
            ),
            (
                r#"{"key":"a","content_type":"b/c","file":"there"}"#,
                Kind::Values,
                false,
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("there"), "x").unwrap();
            let line: Line = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&line).unwrap(), text);
            assert_eq!(
                check(&line, kind, folder.path()).is_ok(),
                is_right,
                "{text}"
            );
        }
        for wrong in [r#"{"text":"a"}"#, r#"{"key":"a","value":"b"}"#, "[]", ""] {
            assert!(serde_json::from_str::<Line>(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            r#"{"key":"a"}"#,
            r#"{"key":"a","text":"b","base64":""}"#,
            r#"{"key":"a","file":"b"}"#,
        ] {
            let line: Line = serde_json::from_str(wrong).unwrap();
            assert!(line.content().is_err(), "{wrong}");
        }
    }
}
