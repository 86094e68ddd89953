//! Applies migrations to a database of SQLite.

use guru_core::ports::{Error, STATEMENT_LIMIT};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::sql::failed;
use crate::migration::{self, Migration, TABLE, ended};

/// How large a file may be. (SQLite holds what is left of one to its limit for a statement.)
const FILE_LIMIT: usize = 64 * 1024 * 1024;

/// Applies those that were not yet, each as a transaction; returns their names. Several processes may do so at once.
pub(super) fn migrate(
    connection: &Connection,
    database: &str,
    migrations: &[Migration],
) -> Result<Vec<String>, Error> {
    // Most often there is nothing to do, and nobody to wait for.
    let applied = all(connection, database).map_err(|error| failed(&error))?;
    let is_new = |migration: &&Migration| !applied.contains(&migration.name);
    let mut done = Vec::new();
    for migration in migrations.iter().filter(is_new) {
        limit(connection, FILE_LIMIT)?;
        let applied = apply(connection, database, migration);
        limit(connection, STATEMENT_LIMIT)?;
        if applied.map_err(|error| migration::failed(&migration.name, &error))? {
            done.push(migration.name.clone());
        }
    }
    Ok(done)
}

fn limit(connection: &Connection, bytes: usize) -> Result<(), Error> {
    let bytes = i32::try_from(bytes).unwrap_or(i32::MAX);
    let set = connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, bytes);
    set.map(drop).map_err(|error| failed(&error))
}

/// The names of those that were applied.
fn all(connection: &Connection, database: &str) -> rusqlite::Result<Vec<String>> {
    let is_there = "SELECT 1 FROM sqlite_schema WHERE name = ?1";
    if !connection.prepare(is_there)?.exists([TABLE])? {
        return Ok(Vec::new());
    }
    let names = format!("SELECT name FROM {TABLE} WHERE database = ?1");
    let mut names = connection.prepare(&names)?;
    names.query_map([database], |row| row.get(0))?.collect()
}

/// Whether it was not applied before.
fn apply(connection: &Connection, database: &str, migration: &Migration) -> Result<bool, Error> {
    let failed = |error: rusqlite::Error| failed(&error);
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    let transaction = transaction.map_err(failed)?;
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (database TEXT, name TEXT, \
         applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (database, name))"
    );
    transaction.execute(&create, ()).map_err(failed)?;
    // Another process may have applied it meanwhile.
    if all(&transaction, database)
        .map_err(failed)?
        .contains(&migration.name)
    {
        return Ok(false);
    }
    transaction.execute_batch(&migration.text).map_err(failed)?;
    if transaction.is_autocommit() {
        return Err(ended());
    }
    let note = format!("INSERT INTO {TABLE} (database, name) VALUES (?1, ?2)");
    let noted = transaction.execute(&note, [database, &migration.name]);
    noted.map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(true)
}
