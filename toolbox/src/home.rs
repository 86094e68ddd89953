//! `GURU_HOME`: the folder that holds what Guru installs, and its layout.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::console::Console;

/// Guru's cache folder.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// `GURU_HOME`, else the user's cache folder.
    pub fn from_env() -> Result<Self> {
        let home = env::home_dir().map(PathBuf::into_os_string);
        match root(
            env::var_os("GURU_HOME"),
            env::var_os("XDG_CACHE_HOME"),
            home,
        ) {
            Some(root) => Ok(Self {
                root: std::path::absolute(&root)
                    .with_context(|| format!("cannot resolve GURU_HOME {}", root.display()))?,
            }),
            None => bail!("no home folder is known; set GURU_HOME to a folder Guru may fill"),
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The Rust toolchain for WebAssembly, where Guru had to build one.
    pub fn toolchain(&self) -> PathBuf {
        self.root.join("toolchains").join("guru-wasm")
    }

    /// The folder of AWS's Lambda emulator.
    pub fn emulator(&self) -> PathBuf {
        self.root.join("sam")
    }

    /// The folder of wrangler and the other npm tools.
    pub fn wrangler(&self) -> PathBuf {
        self.root.join("wrangler")
    }

    /// The log file of a step.
    pub fn log(&self, step: &str) -> PathBuf {
        self.root.join("log").join(format!("{step}.log"))
    }

    /// Creates an empty build folder. It is on the same file system as its result, so that a rename completes the build.
    pub fn fresh_work(&self, name: &str) -> Result<PathBuf> {
        let folder = self.root.join("work").join(name);
        crate::files::remove(&folder)?;
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }

    /// Locks the folder while this process changes it; a second process waits.
    pub fn lock(&self, console: Console) -> Result<File> {
        fs::create_dir_all(&self.root).with_context(|| {
            format!(
                "cannot create {}; set GURU_HOME to a folder you may write to",
                self.root.display()
            )
        })?;
        crate::files::lock(&self.root.join("lock"), || {
            console.note(&format!(
                "another guru is setting up {}; waiting for it to finish",
                self.root.display()
            ));
        })
    }
}

/// Picks the root. An empty variable counts as unset, and a relative cache folder is ignored, as in the XDG specification.
fn root(
    guru: Option<OsString>,
    cache: Option<OsString>,
    home: Option<OsString>,
) -> Option<PathBuf> {
    let set = |value: Option<OsString>| value.filter(|v| !v.is_empty()).map(PathBuf::from);
    set(guru)
        .or_else(|| {
            set(cache)
                .filter(|p| p.is_absolute())
                .map(|p| p.join("guru"))
        })
        .or_else(|| set(home).map(|p| p.join(".cache").join("guru")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_comes_from_the_first_variable_that_is_usable() {
        let cases = [
            (Some("/g"), Some("/c"), Some("/h"), Some("/g")),
            (Some("rel"), Some("/c"), Some("/h"), Some("rel")),
            (Some(""), Some("/c"), Some("/h"), Some("/c/guru")),
            (None, Some("/c"), Some("/h"), Some("/c/guru")),
            (None, Some("rel"), Some("/h"), Some("/h/.cache/guru")),
            (None, Some(""), Some("/h"), Some("/h/.cache/guru")),
            (None, None, Some(""), None),
            (None, None, None, None),
        ];
        for (guru, cache, home, want) in cases {
            let found = root(
                guru.map(Into::into),
                cache.map(Into::into),
                home.map(Into::into),
            );
            assert_eq!(
                found,
                want.map(PathBuf::from),
                "{guru:?} {cache:?} {home:?}"
            );
        }
    }

    #[test]
    fn fresh_work_is_empty_even_after_an_interrupted_build() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home {
            root: folder.path().to_owned(),
        };
        let work = home.fresh_work("std").unwrap();
        fs::write(work.join("half"), "made").unwrap();
        let work = home.fresh_work("std").unwrap();
        assert_eq!(fs::read_dir(work).unwrap().count(), 0);
    }
}
