//! Databases whose migrations are applied before their first call.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use guru_core::ports::{Error, ErrorKind, Rows, Statement};
use tokio::sync::OnceCell;

use super::{Migration, MigrationError, migrations};
use crate::{Called, SqlDatabase};

/// The migrations of a deployment, a folder for each database.
#[derive(Debug)]
pub(crate) struct Migrations {
    folder: PathBuf,
    applied: Mutex<HashMap<String, Arc<OnceCell<()>>>>,
}

impl Migrations {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            applied: Mutex::default(),
        }
    }

    /// Fails where one cannot be read.
    pub(crate) fn check(&self) -> Result<(), MigrationError> {
        let failed = |error: std::io::Error| MigrationError::new(&self.folder, &error);
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                migrations(&path)?;
            }
        }
        Ok(())
    }

    /// Those of the database of this name, which has some.
    pub(crate) fn of(&self, name: &str) -> Result<Vec<Migration>, MigrationError> {
        let folder = self.folder.join(name);
        let all = migrations(&folder)?;
        if all.is_empty() {
            return Err(MigrationError::new(&folder, &"there are no migrations"));
        }
        Ok(all)
    }

    /// The database of this name, to which its migrations are applied before the first call.
    pub(crate) fn before(&self, name: &str, database: impl SqlDatabase) -> Arc<dyn SqlDatabase> {
        let folder = self.folder.join(name);
        if !folder.is_dir() {
            return Arc::new(database);
        }
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        let applied = Arc::clone(applied.entry(name.to_owned()).or_default());
        Arc::new(Migrated {
            name: name.into(),
            database: Arc::new(database),
            folder,
            applied,
        })
    }
}

/// A database to which migrations are applied first.
struct Migrated<D> {
    name: Arc<str>,
    database: Arc<D>,
    folder: PathBuf,
    applied: Arc<OnceCell<()>>,
}

impl<D: SqlDatabase> SqlDatabase for Migrated<D> {
    fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>> {
        if self.applied.initialized() {
            return self.database.batch(statements);
        }
        let (database, folder) = (Arc::clone(&self.database), self.folder.clone());
        let (applied, name) = (Arc::clone(&self.applied), Arc::clone(&self.name));
        Box::pin(async move {
            let apply = async || {
                let all = migrations(&folder)
                    .map_err(|error| Error::new(ErrorKind::Invalid, error.to_string()))?;
                database.migrate(&name, all).await.map(drop)
            };
            // What has failed is tried again by the next call.
            applied.get_or_try_init(apply).await?;
            database.batch(statements).await
        })
    }

    fn migrate(&self, name: &str, migrations: Vec<Migration>) -> Called<Vec<String>> {
        self.database.migrate(name, migrations)
    }
}
