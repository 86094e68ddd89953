//! Applies migrations to a database of SQLite.

use guru_core::ports::Error;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::sql::failed;
use crate::migration::{Migration, TABLE, ended};

/// Applies those that were not yet, each as a transaction; returns their names. Several processes may do so at once.
pub(super) fn migrate(
    connection: &Connection,
    migrations: &[Migration],
) -> Result<Vec<String>, Error> {
    let mut applied = Vec::new();
    for migration in migrations {
        let done = apply(connection, migration);
        if done.map_err(|error| crate::migration::failed(&migration.name, &error))? {
            applied.push(migration.name.clone());
        }
    }
    Ok(applied)
}

/// Whether it was not applied before.
fn apply(connection: &Connection, migration: &Migration) -> Result<bool, Error> {
    let failed = |error: rusqlite::Error| failed(&error);
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    let transaction = transaction.map_err(failed)?;
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
    );
    transaction.execute(&create, ()).map_err(failed)?;
    let is_there = format!("SELECT 1 FROM {TABLE} WHERE name = ?1");
    let is_there = transaction
        .prepare(&is_there)
        .and_then(|mut there| there.exists([&migration.name]));
    if is_there.map_err(failed)? {
        return Ok(false);
    }
    transaction.execute_batch(&migration.text).map_err(failed)?;
    if transaction.is_autocommit() {
        return Err(ended());
    }
    let note = format!("INSERT INTO {TABLE} (name) VALUES (?1)");
    transaction
        .execute(&note, [&migration.name])
        .map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(true)
}
