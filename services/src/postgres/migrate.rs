//! Applies migrations to a database of a PostgreSQL server.

use deadpool_postgres::{GenericClient as _, Object};
use guru_core::ports::Error;

use super::run::failed;
use crate::migration::{Migration, TABLE, ended};

/// The advisory lock of whoever applies migrations to a database: an arbitrary number.
const LOCK: i64 = 0x6775_7275;

/// Applies those that were not yet, each as a transaction; returns their names. Several processes may do so at once.
pub(super) async fn migrate(
    object: &mut Object,
    migrations: &[Migration],
) -> Result<Vec<String>, Error> {
    let mut applied = Vec::new();
    for migration in migrations {
        let done = apply(object, migration).await;
        if done.map_err(|error| crate::migration::failed(&migration.name, &error))? {
            applied.push(migration.name.clone());
        }
    }
    Ok(applied)
}

/// Whether it was not applied before.
async fn apply(object: &mut Object, migration: &Migration) -> Result<bool, Error> {
    let failed = |error: tokio_postgres::Error| failed(&error);
    let transaction = object.transaction().await.map_err(failed)?;
    // Two that make one table at the same moment fail each other, `IF NOT EXISTS` or not.
    let begin = format!(
        "SELECT pg_advisory_xact_lock({LOCK}); CREATE TABLE IF NOT EXISTS {TABLE} \
         (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    );
    transaction.batch_execute(&begin).await.map_err(failed)?;
    let there = format!("SELECT 1 FROM {TABLE} WHERE name = $1");
    let there = transaction.query_opt(&there, &[&migration.name]).await;
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
    let note = format!("INSERT INTO {TABLE} (name) VALUES ($1)");
    let noted = transaction.execute(&note, &[&migration.name]).await;
    noted.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(true)
}
