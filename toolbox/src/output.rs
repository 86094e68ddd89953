//! The output folder of a build. It is locked while it is filled and while it is read, so that concurrent commands cannot mix
//! their files. Files are made in a draft folder first, so that the output never holds a partial build.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{console::Console, files, interrupt};

/// The lock file. It is never removed: otherwise a third command could lock a new file of the same name.
const LOCK: &str = ".guru-lock";

/// The prefix of draft folders.
const DRAFT: &str = ".draft-";

/// Tells a `guru` that a vendor's tool starts for us which folder is locked on its behalf.
const HELD: &str = "GURU_HELD";

/// A folder that is locked against other builds.
#[derive(Debug)]
pub struct Output {
    folder: PathBuf,
    _lock: Option<File>,
}

impl Output {
    /// Creates the folder and waits for its lock.
    pub fn hold(console: Console, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let whole = fs::canonicalize(folder)
            .with_context(|| format!("cannot resolve {}", folder.display()))?;
        let is_held = env::var_os(HELD).is_some_and(|held| Path::new(&held) == whole);
        let lock = || {
            files::lock(&folder.join(LOCK), || {
                console.note(&format!(
                    "another guru is building into {}; waiting for it to finish",
                    folder.display()
                ));
            })
        };
        let lock = (!is_held).then(lock).transpose()?;
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// Lets the `guru` that this command starts build into the folder.
    pub fn hand_to(&self, command: &mut Command) -> Result<()> {
        let whole = fs::canonicalize(&self.folder)
            .with_context(|| format!("cannot resolve {}", self.folder.display()))?;
        command.env(HELD, whole);
        Ok(())
    }

    /// Creates an empty folder below this one, which is removed when dropped.
    pub fn draft(&self) -> Result<TempDir> {
        // The folder is locked, so an existing draft was left behind by a killed command.
        let entries = fs::read_dir(&self.folder);
        let entries = entries.with_context(|| format!("cannot read {}", self.folder.display()))?;
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(DRAFT) {
                files::remove(&entry.path())?;
            }
        }
        let draft = tempfile::Builder::new()
            .prefix(DRAFT)
            .tempdir_in(&self.folder)
            .with_context(|| format!("cannot write to {}", self.folder.display()))?;
        let doomed = draft.path().to_owned();
        interrupt::undo(move || drop(files::remove(&doomed)));
        Ok(draft)
    }

    /// Moves the finished files of a draft into place atomically: a concurrent reader sees either the old or the new file.
    pub fn publish(&self, made: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
        let place = |path: PathBuf| {
            let name = path
                .file_name()
                .context("a file that was made has no name")?;
            let to = self.folder.join(name);
            fs::rename(&path, &to).with_context(|| format!("cannot write {}", to.display()))?;
            Ok(to)
        };
        made.into_iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{self, RecvTimeoutError},
        thread,
        time::Duration,
    };

    use super::*;

    #[test]
    fn a_folder_is_held_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("out");
        let first = Output::hold(Console::new(), &place).unwrap();
        let (sender, receiver) = mpsc::channel();
        let also = place.clone();
        let second = thread::spawn(move || {
            let held = Output::hold(Console::new(), &also).unwrap();
            sender.send(()).unwrap();
            held.folder
        });
        let early = receiver.recv_timeout(Duration::from_millis(200));
        assert_eq!(early, Err(RecvTimeoutError::Timeout));
        drop(first);
        receiver.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(second.join().unwrap(), place);
    }

    #[test]
    fn what_is_not_finished_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let held = Output::hold(Console::new(), folder.path()).unwrap();
        fs::write(folder.path().join("function.wasm"), "before").unwrap();
        files::write(&folder.path().join(".draft-killed/function.wasm"), "half").unwrap();
        let draft = held.draft().unwrap();
        fs::write(draft.path().join("function.wasm"), "half").unwrap();
        drop(draft);
        let read = || fs::read_to_string(folder.path().join("function.wasm")).unwrap();
        assert_eq!(read(), "before");

        let draft = held.draft().unwrap();
        let made = draft.path().join("function.wasm");
        fs::write(&made, "whole").unwrap();
        let placed = held.publish(vec![made]).unwrap();
        drop(draft);
        assert_eq!(placed, [folder.path().join("function.wasm")]);
        assert_eq!(read(), "whole");
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        left.retain(|entry| entry.file_name() != LOCK);
        assert_eq!(left.len(), 1, "{left:?}");
    }
}
