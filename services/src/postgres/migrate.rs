//! Applies migrations to a database of a PostgreSQL server.

use deadpool_postgres::{GenericClient as _, Object};
use guru_core::ports::Error;

use super::run::failed;
use crate::migration::{self, Migration, TABLE, ended};

/// The advisory lock of whoever applies migrations to a database: an arbitrary number.
const LOCK: i64 = 0x6775_7275;

/// How long one waits for another who applies some, and how long the server waits for one who has gone, or was frozen, in the middle.
const PATIENCE: &str =
    "SET LOCAL lock_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// Applies those that were not yet, each as a transaction; returns their names. Several processes may do so at once.
pub(super) async fn migrate(
    object: &mut Object,
    database: &str,
    migrations: &[Migration],
) -> Result<Vec<String>, Error> {
    // Most often there is nothing to do, for which no right to make a table is needed, nor anybody to wait for.
    let applied = all(object, database).await;
    let (place, applied) = applied.map_err(|error| failed(&error))?;
    let is_new = |migration: &&Migration| !applied.contains(&migration.name);
    let mut done = Vec::new();
    for migration in migrations.iter().filter(is_new) {
        let applied = apply(object, &place, database, migration).await;
        if applied.map_err(|error| migration::failed(&migration.name, &error))? {
            done.push(migration.name.clone());
        }
        // What a file sets is not the next one's.
        let reset = object.batch_execute("RESET ALL").await;
        reset.map_err(|error| failed(&error))?;
    }
    Ok(done)
}

/// Where the table is of what was applied, whatever a file sets; and the names of what was.
async fn all(
    object: &Object,
    database: &str,
) -> Result<(String, Vec<String>), tokio_postgres::Error> {
    let schema = "SELECT quote_ident(coalesce(current_schema(), 'public'))";
    let schema: String = object.query_one(schema, &[]).await?.try_get(0)?;
    let place = format!("{schema}.{TABLE}");
    let is_there = "SELECT to_regclass($1) IS NOT NULL";
    let is_there = object.query_one(is_there, &[&place]).await?;
    if !is_there.try_get::<_, bool>(0)? {
        return Ok((place, Vec::new()));
    }
    let names = format!("SELECT name FROM {place} WHERE database = $1");
    let rows = object.query(&names, &[&database]).await?;
    let names = rows.iter().map(|row| row.try_get(0));
    let names = names.collect::<Result<_, _>>()?;
    Ok((place, names))
}

/// Whether it was not applied before.
async fn apply(
    object: &mut Object,
    place: &str,
    database: &str,
    migration: &Migration,
) -> Result<bool, Error> {
    let failed = |error: tokio_postgres::Error| failed(&error);
    let transaction = object.transaction().await.map_err(failed)?;
    // Two that make one table at the same moment fail each other, `IF NOT EXISTS` or not.
    let begin = format!(
        "{PATIENCE}; SELECT pg_advisory_xact_lock({LOCK}); CREATE TABLE IF NOT EXISTS {place} (database text, name text, \
         applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (database, name))"
    );
    transaction.batch_execute(&begin).await.map_err(failed)?;
    // Another process may have applied it meanwhile.
    let there = format!("SELECT 1 FROM {place} WHERE database = $1 AND name = $2");
    let there = transaction
        .query_opt(&there, &[&database, &migration.name])
        .await;
    if there.map_err(failed)?.is_some() {
        return Ok(false);
    }
    let number = async || {
        let number = transaction.query_one("SELECT txid_current()", &[]).await?;
        number.try_get::<_, i64>(0)
    };
    let before = number().await.map_err(failed)?;
    transaction
        .batch_execute(&migration.text)
        .await
        .map_err(failed)?;
    if number().await.map_err(failed)? != before {
        return Err(ended());
    }
    let note = format!("INSERT INTO {place} (database, name) VALUES ($1, $2)");
    let noted = transaction
        .execute(&note, &[&database, &migration.name])
        .await;
    noted.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(true)
}
