//! Reports what a build made, with sizes and hashes, as a table or as JSON.

use std::{
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::{DateTime, ZipWriter, write::SimpleFileOptions};

use crate::console::say;

/// A built file, as reported.
#[derive(Debug)]
pub struct Artefact {
    target: &'static str,
    path: PathBuf,
    bytes: usize,
    gzip: usize,
    sha256: String,
}

impl Artefact {
    /// Measures a file. Compressing it takes seconds, so this is for reports only.
    pub fn read(target: &'static str, path: PathBuf) -> Result<Self> {
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let packed =
            gzip(&content).with_context(|| format!("cannot compress {}", path.display()))?;
        Ok(Self {
            target,
            path,
            bytes: content.len(),
            gzip: packed.len(),
            sha256: hex::encode(Sha256::digest(&content)),
        })
    }

    fn json(&self) -> Value {
        json!({
            "target": self.target,
            "path": self.path,
            "bytes": self.bytes,
            "gzip": self.gzip,
            "sha256": self.sha256,
        })
    }
}

/// The SHA-256 of a file, in hexadecimal.
pub fn sha256(path: &Path) -> Result<String> {
    let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hex::encode(Sha256::digest(&content)))
}

/// Packs files into a zip archive, each with its name there and its permissions. The same files always give the same bytes.
/// # Errors
///
/// When one of them cannot be read.
pub fn packed(files: &[(String, &Path, u32)]) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, path, permissions) in files {
        let options = SimpleFileOptions::default()
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(*permissions);
        let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        zip.start_file(name.as_str(), options)
            .context("cannot begin a file in the zip file")?;
        zip.write_all(&content)
            .with_context(|| format!("cannot pack {}", path.display()))?;
    }
    let packed = zip.finish().context("cannot finish the zip file")?;
    Ok(packed.into_inner())
}

/// The minor version of the newest glibc 2.x whose symbols a program needs.
#[must_use]
pub fn glibc(program: &[u8]) -> Option<u32> {
    const NAME: &[u8] = b"GLIBC_2.";
    let names = program.windows(NAME.len()).enumerate();
    let versions = names
        .filter(|(_, window)| *window == NAME)
        .filter_map(|(at, _)| {
            let rest = program.get(at + NAME.len()..)?;
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            std::str::from_utf8(rest.get(..length)?).ok()?.parse().ok()
        });
    versions.max()
}

/// Compresses `content` like `gzip -9`.
pub fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content).context("cannot compress")?;
    gzip.finish().context("cannot compress")
}

/// Prints the artefacts, with paths relative to `here`.
pub fn show(artefacts: &[Artefact], here: &Path, is_json: bool) {
    if is_json {
        say(&Value::from_iter(artefacts.iter().map(Artefact::json)).to_string());
    } else {
        say(&table(artefacts, here));
    }
}

fn table(artefacts: &[Artefact], here: &Path) -> String {
    let name = |artefact: &Artefact| {
        let path = artefact.path.strip_prefix(here).unwrap_or(&artefact.path);
        path.display().to_string()
    };
    let width = artefacts.iter().map(|artefact| name(artefact).len());
    let width = width.max().unwrap_or_default().max(4);
    let mut lines = vec![format!(
        "{:<10}  {:<width$}  {:>10}  {:>9}  sha256",
        "target", "file", "bytes", "gzip"
    )];
    lines.extend(artefacts.iter().map(|artefact| {
        format!(
            "{:<10}  {:<width$}  {:>10}  {:>9}  {}",
            artefact.target,
            name(artefact),
            artefact.bytes,
            artefact.gzip,
            artefact.sha256
        )
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "a".repeat(1000)).unwrap();
        let artefact = Artefact::read("spin", path).unwrap();
        assert_eq!(artefact.bytes, 1000);
        assert!((10..100).contains(&artefact.gzip), "{}", artefact.gzip);
        // As printed by sha256sum.
        assert!(artefact.sha256.starts_with("41edece42d63e8d9bf51"));
        assert_eq!(artefact.sha256, sha256(&artefact.path).unwrap());
        let table = table(&[artefact], folder.path());
        assert!(
            table
                .lines()
                .nth(1)
                .unwrap()
                .starts_with("spin        file  ")
        );
    }

    #[test]
    fn the_newest_glibc_counts() {
        let cases: [(&[u8], _); 4] = [
            (b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.17\0", Some(34)),
            (b"GLIBC_2.9", Some(9)),
            (b"GLIBC_PRIVATE", None),
            (b"", None),
        ];
        for (program, want) in cases {
            assert_eq!(glibc(program), want);
        }
    }
}
