//! Stamps: a file that is written last and records that a folder is complete, and what it was made from.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

const NAME: &str = "guru-stamp";

/// Whether the folder is complete and was made from exactly these ingredients.
pub fn is_current(folder: &Path, ingredients: &str) -> bool {
    fs::read_to_string(folder.join(NAME)).is_ok_and(|found| found == ingredients)
}

/// Whether the folder is complete, whatever it was made from.
pub fn exists(folder: &Path) -> bool {
    folder.join(NAME).is_file()
}

/// Marks the folder as complete. The stamp is written atomically.
pub fn write(folder: &Path, ingredients: &str) -> Result<()> {
    let path = folder.join(NAME);
    let part = folder.join(format!("{NAME}.part"));
    fs::write(&part, ingredients)
        .and_then(|()| fs::rename(&part, &path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_ingredients_are_current() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_current(folder.path(), "a 1\n"));
        assert!(!exists(folder.path()));

        write(folder.path(), "a 1\n").unwrap();
        assert!(exists(folder.path()));
        assert!(is_current(folder.path(), "a 1\n"));
        assert!(!is_current(folder.path(), "a 2\n"));
        assert!(!is_current(folder.path(), "a 1"));

        write(folder.path(), "a 2\n").unwrap();
        assert!(is_current(folder.path(), "a 2\n"));
    }

    #[test]
    fn a_stamp_cut_short_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("guru-stamp.part"), "a 1\n").unwrap();
        assert!(!is_current(folder.path(), "a 1\n"));
        assert!(!exists(folder.path()));
    }
}
