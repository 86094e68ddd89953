//! Folders of a project's own data.

use std::fs;
use std::path::Path;

/// The folder that is made for a project's own data, which belongs to no repository.
const OWN: &str = ".guru";

/// Makes a folder; one of a project's own data with a word to git, for which it is none of its business.
pub(crate) fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let own = folder.ancestors().find(|folder| folder.ends_with(OWN));
    let ignored = own.map(|folder| folder.join(".gitignore"));
    match ignored.filter(|path| !path.exists()) {
        Some(path) => fs::write(path, "*\n"),
        None => Ok(()),
    }
}
