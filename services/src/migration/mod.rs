//! Changes of a database's tables, in numbered files: `migrations/NAME/0001_users.sql` for the database `NAME`. Each is applied once,
//! before the first call, in the order of the numbers.

use std::fmt;
use std::path::{Path, PathBuf};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use guru_core::ports::{self, ErrorKind};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod before;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use before::Migrations;

/// The table of a database that says which were applied to it. (D1's is `d1_migrations`, which wrangler keeps.)
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) const TABLE: &str = "guru_migrations";

/// A file of a database's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The name of the file, by which the database knows it once it was applied.
    pub name: String,
    /// Statements, with `;` between.
    pub text: String,
}

/// A folder that no migrations can be read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationError {
    path: PathBuf,
    why: String,
}

impl MigrationError {
    fn new(path: &Path, why: &dyn fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for MigrationError {}

/// The number that a file's name begins with.
fn number(name: &str) -> Option<u64> {
    let (number, rest) = name.split_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && rest.len() > ".sql".len()).then(|| number.parse().ok())?
}

/// The migrations in a folder, in the order of their numbers. Files that do not end with `.sql` are none. Where there is no folder,
/// there are none.
///
/// # Errors
///
/// When one cannot be read or has no number in its name, or two have the same.
pub fn migrations(folder: &Path) -> Result<Vec<Migration>, MigrationError> {
    let failed = MigrationError::new;
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, &error)),
    };
    let mut all: Vec<(u64, Migration)> = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let is_hidden = name.is_some_and(|name| name.starts_with('.'));
        if is_hidden || path.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let Some((name, number)) = name.and_then(|name| Some((name, number(name)?))) else {
            return Err(failed(
                &path,
                &"the name of a migration begins with its number, as in 0001_users.sql",
            ));
        };
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        if let Some(why) = fault(&text) {
            return Err(failed(&path, &why));
        }
        let name = name.to_owned();
        all.push((number, Migration { name, text }));
    }
    all.sort_by(|(one, a), (other, b)| (one, &a.name).cmp(&(other, &b.name)));
    if let Some([(_, one), (_, other)]) = all.array_windows().find(|[(a, _), (b, _)]| a == b) {
        let why = format!("{} has the same number: give it another", one.name);
        return Err(failed(&folder.join(&other.name), &why));
    }
    Ok(all.into_iter().map(|(_, migration)| migration).collect())
}

/// Why a file is none that every database takes. (wrangler puts a statement of its own behind the last one.)
fn fault(text: &str) -> Option<&'static str> {
    let lines = text.lines().map(str::trim);
    let mut said = lines.filter(|line| !line.is_empty() && !line.starts_with("--"));
    let (first, last) = (said.clone().next()?, said.next_back()?);
    let word = first.split(|char: char| !char.is_ascii_alphabetic()).next();
    let word = word.unwrap_or_default();
    let is_transaction = ["begin", "start", "commit", "rollback", "end"];
    if is_transaction
        .iter()
        .any(|other| word.eq_ignore_ascii_case(other))
    {
        return Some("it is a transaction already: leave out BEGIN and COMMIT");
    }
    // A comment may be behind it, which is not looked into for what it is.
    let is_ended = last.ends_with(';') || last.contains("--") || last.ends_with("*/");
    (!is_ended).then_some("its last statement does not end with `;`")
}

/// What a migration has failed with.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn failed(name: &str, error: &ports::Error) -> ports::Error {
    ports::Error::new(
        error.kind(),
        format!("the migration {name} has failed: {error}"),
    )
}

/// What a migration has failed with that ended the transaction that it was in: something of it may have been done.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn ended() -> ports::Error {
    let message = "it ends the transaction that it is in, and was done in part: leave out BEGIN, COMMIT and ROLLBACK, and see what is there";
    ports::Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), "SELECT 1;").unwrap();
        }
        folder
    }

    #[test]
    fn files_are_applied_in_the_order_of_their_numbers() {
        let folder = folder(&[
            "10_c.sql",
            "0002_b.sql",
            "1_a.sql",
            ".#1_a.sql",
            "README.md",
        ]);
        let found = migrations(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|found| &*found.name).collect();
        assert_eq!(names, ["1_a.sql", "0002_b.sql", "10_c.sql"]);
        assert_eq!(migrations(&folder.path().join("none")), Ok(Vec::new()));
    }

    #[test]
    fn what_not_every_database_takes_is_refused() {
        for text in [
            "",
            "-- nothing\n",
            "SELECT 1;\n",
            "SELECT 1; -- done",
            "SELECT 1;\n-- done\n",
            "SELECT 1; /* x */",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
        for (text, why) in [
            ("SELECT 1", "`;`"),
            ("SELECT 1;\nSELECT 2\n-- done", "`;`"),
            ("BEGIN;\nSELECT 1;\nCOMMIT;", "BEGIN"),
            ("-- all\n  begin transaction; SELECT 1; end;", "BEGIN"),
            ("START TRANSACTION;", "BEGIN"),
        ] {
            assert!(fault(text).unwrap().contains(why), "{text}");
        }
    }

    #[test]
    fn what_has_no_place_in_the_order_is_refused() {
        for (files, why) in [
            (&["users.sql"][..], "begins with its number"),
            (&["1.sql"], "begins with its number"),
            (&["_a.sql"], "begins with its number"),
            (&["1_.sql"], "begins with its number"),
            (&["99999999999999999999_a.sql"], "begins with its number"),
            (&["01_a.sql", "1_b.sql"], "same number"),
        ] {
            let error = migrations(folder(files).path()).unwrap_err().to_string();
            assert!(error.contains(why), "{files:?}: {error}");
        }
    }
}
