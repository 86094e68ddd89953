//! The folder that data is exported into, and imported from: for each store a file `NAME.jsonl`, a line of JSON a key. A value stands in
//! it as text, or in base64 where it is none; a blob is a file of its own below `NAME/`, with its type in the line.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _},
    mem,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use super::{Kind, Store, Stores};

/// The limits of what is imported: those of a key, a value and a content type in bytes. Those of `guru_core::ports`, which a test of
/// `guru-services` holds them to.
pub const LIMITS: (usize, usize, usize) = (512, 256 * 1024, 256);

/// What stands at the end of a file with the keys of a store.
const ENDING: &str = ".jsonl";

/// What is put behind the name of a folder until all of an export is in it.
const UNFINISHED: &str = ".unfinished";

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

/// An export into a folder, which has another name until all of it is there.
pub struct Export {
    folder: PathBuf,
    draft: PathBuf,
}

impl Export {
    /// Begins one.
    ///
    /// # Errors
    ///
    /// Where there is something already, also what another export has left or is writing.
    pub fn begin(folder: &Path) -> Result<Self> {
        ensure!(
            !folder.exists(),
            "{} is there already: name a folder that is not",
            folder.display()
        );
        let mut name = folder.file_name().unwrap_or_default().to_owned();
        name.push(UNFINISHED);
        let draft = folder.with_file_name(name);
        fs::create_dir(&draft).with_context(|| {
            format!(
                "cannot make {}: where it is there, another export is at work, or has not come to its end: remove it then",
                draft.display()
            )
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            draft,
        })
    }

    /// Writes a store; returns how many keys it has, and those that were listed and had nothing when they were read.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written.
    pub fn store(&self, stores: &Stores, store: &Store) -> Result<(u64, Vec<String>)> {
        let mut lines = BufWriter::new(self.create(&format!("{}{ENDING}", store.name))?);
        let (mut count, mut gone) = (0, Vec::new());
        if store.kind == Kind::Blob {
            fs::create_dir(self.draft.join(&store.name))?;
        }
        stores.each(store, "", |key| {
            let Some((content_type, mut content)) = stores.read(store, key)? else {
                gone.push(key.to_owned());
                return Ok(());
            };
            count += 1;
            let mut line = Line {
                key: key.to_owned(),
                ..Line::default()
            };
            if store.kind == Kind::Blob {
                let name = format!("{}/{count:06}", store.name);
                let mut file = self.create(&name)?;
                std::io::copy(&mut content, &mut file)
                    .with_context(|| format!("{key:?} of {} broke off", store.name))?;
                file.sync_all()?;
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
        lines.get_ref().sync_all()?;
        Ok((count, gone))
    }

    /// A new file. On some systems two names are one.
    fn create(&self, name: &str) -> Result<File> {
        let path = self.draft.join(name);
        File::create_new(&path).with_context(|| format!("cannot make {}", path.display()))
    }

    /// Gives the folder its name, once all of it is on disk.
    ///
    /// # Errors
    ///
    /// When it cannot have it.
    pub fn finish(mut self) -> Result<()> {
        #[cfg(unix)]
        File::open(&self.draft)?.sync_all()?;
        let draft = mem::take(&mut self.draft);
        fs::rename(&draft, &self.folder).with_context(|| {
            format!(
                "{} cannot be called {}",
                draft.display(),
                self.folder.display()
            )
        })
    }
}

impl Drop for Export {
    /// Where nothing has been written yet, nothing is left that would be in the way of the next one.
    fn drop(&mut self) {
        // It removes empty folders alone.
        let _ = fs::remove_dir(&self.draft);
    }
}

/// A folder that data is imported from, without what is in it.
pub struct Archive {
    folder: PathBuf,
    names: BTreeSet<String>,
}

impl Archive {
    /// Reads which stores are in a folder.
    ///
    /// # Errors
    ///
    /// When there are none, or the export has not come to its end.
    pub fn read(folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        ensure!(
            !name.ends_with(UNFINISHED),
            "{} is of an export that has not come to its end",
            folder.display()
        );
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
        Ok(Self {
            folder: folder.to_owned(),
            names,
        })
    }

    /// The stores that are imported: those that are named, or all that are in the folder.
    ///
    /// # Errors
    ///
    /// Where the folder lacks one that is named, or has one that the function does not declare: it would be left out.
    pub fn choose(&self, declared: &[Store], named: &[String]) -> Result<Vec<Store>> {
        if let Some(name) = named.iter().find(|name| !self.names.contains(*name)) {
            bail!("{} has no store `{name}`", self.folder.display());
        }
        let is_meant = |name: &&String| named.is_empty() || named.contains(name);
        let store = |name: &String| {
            let mut declared = declared.iter();
            let found = declared.find(|store| store.name == *name).cloned();
            found.with_context(|| {
                format!(
                    "the function declares no store `{name}`, which is in the folder: name those that are meant with --store"
                )
            })
        };
        self.names.iter().filter(is_meant).map(store).collect()
    }

    /// Fails where a store has a line that could not be written, before any is.
    ///
    /// # Errors
    ///
    /// For the first such line, with its number.
    pub fn check(&self, store: &Store) -> Result<()> {
        self.each(store, |line| check(&line, store.kind, &self.folder))
            .map(drop)
    }

    /// Writes what a store has; returns how many keys.
    ///
    /// # Errors
    ///
    /// When one cannot be written; those before it are.
    pub fn import(&self, stores: &Stores, store: &Store) -> Result<u64> {
        self.each(store, |line| match line.content()? {
            Content::Value(bytes) => stores.set(store, &line.key, &bytes),
            Content::Blob { content_type, file } => {
                let file = File::open(self.folder.join(file))?;
                stores.store(store, &line.key, content_type, &file)
            }
        })
    }

    /// Does something with each line of a store; returns how many there are.
    fn each(&self, store: &Store, mut each: impl FnMut(Line) -> Result<()>) -> Result<u64> {
        let path = self.folder.join(format!("{}{ENDING}", store.name));
        let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
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
}

/// Whether a line can be written into a store of this kind.
fn check(line: &Line, kind: Kind, folder: &Path) -> Result<()> {
    let (of_key, of_value, of_type) = LIMITS;
    let is_key = (1..=of_key).contains(&line.key.len()) && ![".", ".."].contains(&&*line.key);
    ensure!(
        is_key,
        "{:?} is no key: it has 1 to {of_key} bytes, and is neither `.` nor `..`",
        line.key
    );
    match line.content()? {
        Content::Blob { content_type, file } => {
            ensure!(
                kind == Kind::Blob,
                "this is a blob, and the store has values"
            );
            let is_type = (1..=of_type).contains(&content_type.len())
                && content_type
                    .bytes()
                    .all(|byte| (b' '..=b'~').contains(&byte));
            ensure!(is_type, "{content_type:?} is no content type");
            let mut parts = Path::new(file).components();
            // A link may lead elsewhere.
            let (whole, place) = (folder.canonicalize()?, folder.join(file).canonicalize());
            ensure!(
                parts.all(|part| matches!(part, Component::Normal(_)))
                    && place.is_ok_and(|place| place.starts_with(&whole) && place.is_file()),
                "{file:?} is no file below the folder"
            );
        }
        Content::Value(bytes) => {
            ensure!(
                kind != Kind::Blob,
                "this is a value, and the store has blobs"
            );
            ensure!(
                bytes.len() <= of_value,
                "the value has {} bytes, and may have {of_value}",
                bytes.len()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
