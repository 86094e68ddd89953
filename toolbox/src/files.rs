//! File operations that `std` lacks, or that differ between systems.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result};

/// Removes a file, a link or a whole folder. A missing path is not an error.
pub fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Creates `link` as a symbolic link to `original`, and its parent folders.
#[cfg(unix)]
pub fn link(original: &Path, link: &Path) -> Result<()> {
    make_parent(link)?;
    std::os::unix::fs::symlink(original, link)
        .with_context(|| format!("cannot link {} to {}", link.display(), original.display()))
}

/// Other systems require a privilege for symbolic links; nothing that needs them is supported there.
#[cfg(not(unix))]
pub fn link(original: &Path, _: &Path) -> Result<()> {
    anyhow::bail!("cannot link {} on this system", original.display())
}

/// Writes an executable file, and its parent folders.
pub fn write_program(path: &Path, text: &str) -> Result<()> {
    make_parent(path)?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {} executable", path.display()))?;
    }
    Ok(())
}

/// Copies a file atomically: a concurrent reader sees all of it or none.
///
/// # Errors
///
/// When it cannot be read, or written there.
pub fn copy_whole(from: &Path, to: &Path) -> Result<()> {
    let unfinished = to.with_extension(format!("{}.unfinished", std::process::id()));
    copy(from, &unfinished)?;
    fs::rename(&unfinished, to).with_context(|| format!("cannot write {}", to.display()))
}

/// Reads a file as a string.
///
/// # Errors
///
/// When it cannot be read; the error names the file.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file, and its parent folders.
pub fn write(path: &Path, text: &str) -> Result<()> {
    make_parent(path)?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a file that only its owner can read, in place of what is there.
pub fn write_secret(path: &Path, text: &str) -> Result<()> {
    remove(path)?;
    let mut options = fs::File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a file, and creates the parent folders of the copy.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    make_parent(to)?;
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// Locks a file, creating it if needed, until the returned value is dropped. Calls `waits` if another process holds the lock.
pub fn lock(path: &Path, waits: impl FnOnce()) -> Result<File> {
    make_parent(path)?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            waits();
            file.lock()
        }
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(()),
    };
    locked.with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

fn make_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display())),
        None => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn removing_takes_files_folders_dangling_links_and_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        fs::create_dir_all(at("tree/deep")).unwrap();
        link(Path::new("/nowhere/at/all"), &at("dangling")).unwrap();
        for name in ["file", "tree", "dangling", "absent"] {
            remove(&at(name)).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_to_a_folder_is_removed_without_its_contents() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "").unwrap();
        link(&kept, &folder.path().join("link")).unwrap();
        remove(&folder.path().join("link")).unwrap();
        assert!(kept.join("file").exists());
    }
}

/// Writes a file atomically: a concurrent reader sees either the old or the new content.
///
/// # Errors
///
/// When it cannot be written.
pub fn replace(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
    fs::write(&unfinished, content)
        .and_then(|()| fs::rename(&unfinished, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a program atomically, so that a running copy is not disturbed.
///
/// # Errors
///
/// When it cannot be read or written.
pub fn copy_program(from: &Path, to: &Path) -> Result<()> {
    let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    replace(to, content)?;
    fs::metadata(from)
        .and_then(|data| fs::set_permissions(to, data.permissions()))
        .with_context(|| format!("cannot make {} executable", to.display()))
}

/// Writes a file, unless it has this content: cargo would build it anew.
///
/// # Errors
///
/// As [`write()`].
pub fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    write(path, text)
}
