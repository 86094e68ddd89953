//! A vendor's manifest as `guru dev` needs it: what the author wrote, with the development build in place of the release. It is
//! beside the author's own, since paths in it count from there, and goes when the command ends. Knows manifests, not runtimes.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{files, interrupt};
use anyhow::{Context as _, Result};

/// A manifest that is there for as long as this is.
#[derive(Debug)]
pub struct Manifest {
    path: PathBuf,
}

impl Manifest {
    /// The place of one beside the author's; each command has its own.
    pub fn beside(own: &Path) -> Self {
        let kind = own.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!(".{kind}.dev-{}.toml", std::process::id());
        let path = own.with_file_name(name);
        let doomed = path.clone();
        interrupt::undo(move || drop(files::remove(&doomed)));
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it where it says something else now. There may be secrets in it: nobody else may read it.
    pub fn write(&self, text: &str) -> Result<()> {
        if fs::read_to_string(&self.path).is_ok_and(|before| before == text) {
            return Ok(());
        }
        let mut options = fs::File::options();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(&self.path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for Manifest {
    fn drop(&mut self) {
        drop(files::remove(&self.path));
    }
}

/// Says what the file is, to whoever finds one that a killed command left behind.
pub const NOTE: &str = "# Made by `guru dev`, of the manifest beside it; changes are lost.\n";

/// A path as a manifest has it.
///
/// # Errors
///
/// When it is not UTF-8.
pub fn of_path(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is not UTF-8, as a manifest must be", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_manifest_is_nobody_elses_and_goes() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest::beside(&folder.path().join("spin.toml"));
        manifest.write("a = 1\n").unwrap();
        let path = manifest.path().to_owned();
        assert_eq!(path.parent(), Some(folder.path()));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        drop(manifest);
        assert!(!path.exists());
    }
}
