//! The migrations of a function's databases, as its commands have them applied: the folder `migrations` beside its Cargo.toml, and in
//! it one of each database's name.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};
use toml_edit::{DocumentMut, Item, value};

use crate::{
    child,
    settings::{MIGRATIONS, Settings, setting_of},
    surroundings, tables,
    workspace::Workspace,
};

/// Its name, beside the function's Cargo.toml and in a deployment package.
pub const FOLDER: &str = "migrations";

/// The migrations of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrations {
    folder: PathBuf,
    /// The files of each database.
    databases: BTreeMap<String, Vec<PathBuf>>,
}

impl Migrations {
    /// Finds those of a function, if it has some: in the folder that these settings or the environment name, which is none where it has no
    /// name, or beside its Cargo.toml.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read, or has a file in it that not every database takes.
    pub fn of(workspace: &Workspace, function: &str, settings: &Settings) -> Result<Option<Self>> {
        let folder = match settings.said(MIGRATIONS) {
            Some(named) if named.is_empty() => return Ok(None),
            Some(named) => Some(workspace.root().join(named)),
            None => workspace.folder_of(function).map(|own| own.join(FOLDER)),
        };
        folder.map_or(Ok(None), |folder| Self::read(&folder))
    }

    /// Reads those in a folder.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let mut databases = BTreeMap::new();
        for entry in entries(folder)? {
            let mut files = entries(&entry)?;
            files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
            check(&files)?;
            let name = entry.file_name().unwrap_or_default().to_string_lossy();
            if !files.is_empty() {
                databases.insert(name.into_owned(), files);
            }
        }
        let folder = folder.to_owned();
        Ok((!databases.is_empty()).then_some(Self { folder, databases }))
    }

    /// The variable that names their folder, with its value.
    #[must_use]
    pub fn setting(&self) -> (&'static str, &Path) {
        (MIGRATIONS, &self.folder)
    }

    /// Whether a database has some.
    #[must_use]
    pub fn has(&self, database: &str) -> bool {
        self.databases.contains_key(database)
    }

    /// Their files, each with its path in a deployment package.
    #[must_use]
    pub fn files(&self) -> Vec<(String, &Path)> {
        let databases = self.databases.iter();
        let files = databases.flat_map(|(name, files)| {
            let files = files.iter();
            files.map(move |path| {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                (format!("{FOLDER}/{name}/{file}"), path.as_path())
            })
        });
        files.collect()
    }

    /// What tells them from those that they were before.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn hash(&self) -> Result<String> {
        let mut all = Sha256::new();
        for (name, path) in self.files() {
            let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            all.update(name.len().to_le_bytes());
            all.update(name);
            all.update(text.len().to_le_bytes());
            all.update(text);
        }
        Ok(hex::encode(all.finalize()))
    }

    /// The command by which the function's native program applies those of databases at these services, for hosts that do not.
    #[must_use]
    pub fn command(&self, program: &Path, services: &[(&str, String)]) -> Command {
        let services = services.iter().filter(|(name, _)| self.has(name));
        let names: Vec<_> = services.clone().map(|(name, _)| *name).collect();
        let mut command = surroundings::command(program);
        let (setting, folder) = self.setting();
        command
            .args(["--migrate", &names.join(",")])
            .env(setting, folder);
        for (name, service) in services {
            command.env(setting_of(name), service);
        }
        command
    }

    /// Has each database of a list in a manifest that has migrations name their folder, from the manifest's own. Returns the text, where
    /// that is new.
    ///
    /// # Errors
    ///
    /// When the manifest cannot be parsed.
    pub fn with_folders(
        &self,
        manifest: &Path,
        text: &str,
        (list, key, of_folder): (&str, &str, &str),
    ) -> Result<Option<String>> {
        let mut document: DocumentMut = text.parse()?;
        let from = manifest.parent().unwrap_or(Path::new(""));
        let mut is_new = false;
        for table in tables::all_mut(&mut document, list) {
            let name = table.get(key).and_then(Item::as_str).unwrap_or_default();
            if self.has(name) && !table.contains_key(of_folder) {
                let folder = self.folder.join(name);
                let folder = folder.strip_prefix(from).unwrap_or(&folder);
                let folder = folder.to_str().context("a path is not UTF-8")?;
                table.insert(of_folder, value(folder));
                is_new = true;
            }
        }
        Ok(is_new.then(|| document.to_string()))
    }

    /// The databases of a list in a manifest that have some.
    ///
    /// # Errors
    ///
    /// When the manifest cannot be parsed.
    pub fn named_in(&self, text: &str, (list, key, _): (&str, &str, &str)) -> Result<Vec<String>> {
        let mut document: DocumentMut = text.parse()?;
        let tables = tables::all_mut(&mut document, list);
        let names = tables.iter().filter_map(|table| table.get(key)?.as_str());
        Ok(names
            .filter(|name| self.has(name))
            .map(str::to_owned)
            .collect())
    }
}

/// Fails for a file that not every database takes: as `guru_services::migrations` does, which a test there holds it to.
fn check(files: &[PathBuf]) -> Result<()> {
    let mut numbers = BTreeMap::new();
    for path in files {
        let shown = path.display();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name
            .split_once('_')
            .filter(|(_, rest)| rest.len() > ".sql".len());
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let number =
            number.and_then(|(number, _)| number.parse::<u64>().ok().filter(|_| is_number(number)));
        let number = number.with_context(|| {
            format!("{shown}: the name of a migration begins with its number, as in 0001_users.sql")
        })?;
        if let Some(other) = numbers.insert(number, name.into_owned()) {
            bail!("{shown}: {other} has the same number: give it another");
        }
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let lines = text.lines().map(str::trim);
        let mut said = lines.filter(|line| !line.is_empty() && !line.starts_with("--"));
        let (Some(first), last) = (said.clone().next(), said.next_back().unwrap_or_default())
        else {
            continue;
        };
        let word = first.split(|char: char| !char.is_ascii_alphabetic()).next();
        let word = word.unwrap_or_default().to_ascii_lowercase();
        ensure!(
            !["begin", "start", "commit", "rollback", "end"].contains(&&*word),
            "{shown}: it is a transaction already: leave out BEGIN and COMMIT"
        );
        ensure!(
            last.ends_with(';') || last.contains("--") || last.ends_with("*/"),
            "{shown}: its last statement does not end with `;`"
        );
    }
    Ok(())
}

/// Has databases migrated, and says so where something was done.
///
/// # Errors
///
/// When a migration fails, with what was said of it.
pub fn apply(command: &mut Command) -> Result<()> {
    let said = child::output(command).context("the migrations were not applied")?;
    for line in said.lines() {
        eprintln!("{line}");
    }
    Ok(())
}

/// What is in a folder, by name; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let cannot = || format!("cannot read {}", folder.display());
    let all = fs::read_dir(folder).with_context(cannot)?;
    let all = all.map(|entry| Ok(entry.with_context(cannot)?.path()));
    let mut all = all.collect::<Result<Vec<_>>>()?;
    // Those of an editor, or of a system.
    all.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.')
    });
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;

    fn migrations(at: &Path) -> Migrations {
        for file in ["db/0001_a.sql", "db/README.md", "other/notes.txt"] {
            files::write(&at.join(FOLDER).join(file), "SELECT 1;").unwrap();
        }
        Migrations::read(&at.join(FOLDER)).unwrap().unwrap()
    }

    #[test]
    fn a_database_has_those_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Migrations::read(folder.path()).unwrap(), None);
        let found = migrations(folder.path());
        assert!(found.has("db") && !found.has("other"));
        let files: Vec<_> = found.files().into_iter().map(|(name, _)| name).collect();
        assert_eq!(files, ["migrations/db/0001_a.sql"]);
        let before = found.hash().unwrap();
        files::write(&found.folder.join("db/0001_a.sql"), "SELECT 2;").unwrap();
        assert_ne!(found.hash().unwrap(), before);
        let services = [
            ("db", "sqlite:x".to_owned()),
            ("other", "sqlite:y".to_owned()),
        ];
        let command = found.command(Path::new("p"), &services);
        assert_eq!(child::spell(&command), "p --migrate db");
    }

    #[test]
    fn a_manifest_names_their_folder_from_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let found = migrations(folder.path());
        let list = ("list", "binding", "dir");
        let text = "[[list]]\nbinding = \"db\"\n\n[[list]]\nbinding = \"other\"\n";
        let manifest = folder.path().join("m.toml");
        let made = found.with_folders(&manifest, text, list).unwrap().unwrap();
        assert_eq!(
            made,
            text.replacen("\"db\"\n", "\"db\"\ndir = \"migrations/db\"\n", 1)
        );
        assert_eq!(found.with_folders(&manifest, &made, list).unwrap(), None);
        let inline = "list = [{ binding = \"db\" }]\n";
        let made = found.with_folders(&manifest, inline, list).unwrap();
        assert!(made.unwrap().contains("dir = \"migrations/db\""));
        for text in [text, inline] {
            assert_eq!(found.named_in(text, list).unwrap(), ["db"]);
        }
    }
}
