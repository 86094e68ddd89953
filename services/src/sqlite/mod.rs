//! Key-value stores and databases in files of SQLite, each of which several processes may use at once.

mod database;
mod migrate;
mod sql;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use guru_core::adapter::sqlite::{
    ADD, CREATE, DELETE, EXISTS, LIST, PURGE, READ, SET, SET_IF_ABSENT, SET_IF_VERSION,
};
use guru_core::adapter::{no_sum, overtaken};
use guru_core::ports::{Condition, ListQuery, Page, Version};
use rusqlite::{OptionalExtension as _, params};

use crate::{Called, Store};
use database::{Database, Use};
pub use sql::{SqliteDatabase, SqliteInMemory};

/// A key-value store in a file of SQLite, in a table that it shares with others. Its calls are waited for on a tokio runtime.
///
/// A write is on the disk before it is acknowledged.
#[derive(Clone, Debug)]
pub struct Sqlite {
    database: Arc<Database>,
    name: Arc<str>,
}

impl Sqlite {
    /// The store of this name in this file. The file is opened by the first call, and made then, with its folders.
    #[must_use]
    pub fn open(path: &Path, name: &str) -> Self {
        Self {
            database: Database::at(path, Use::Stores),
            name: name.into(),
        }
    }

    fn call<T: Send + 'static>(
        &self,
        key: &str,
        call: impl FnOnce(&rusqlite::Connection, &str, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Called<T> {
        let (name, key) = (Arc::clone(&self.name), key.to_owned());
        let database = Arc::clone(&self.database);
        Box::pin(async move {
            database
                .call(move |connection| call(connection, &name, &key))
                .await
        })
    }
}

/// Makes the table of stores where there is none.
fn create(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    for statement in CREATE {
        connection.execute(statement, ())?;
    }
    Ok(())
}

/// Milliseconds since 1970. A clock before that is wrong by decades: 0 is as good as any value.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    millis(now.unwrap_or_default())
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn expiry(ttl: Option<Duration>) -> Option<i64> {
    ttl.map(|ttl| now().saturating_add(millis(ttl)))
}

/// Runs a statement that writes and has one row at most; the text in it. The statement is run to its end: before that nothing is
/// committed, and who stops at the row never hears that it could not be.
fn committed(
    connection: &rusqlite::Connection,
    statement: &str,
    parameters: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(parameters)?;
    let text = rows.next()?.map(|row| row.get(0)).transpose()?;
    while rows.next()?.is_some() {}
    Ok(text)
}

impl Store for Sqlite {
    fn read(&self, key: &str) -> Called<Option<(Bytes, Version)>> {
        self.call(key, |connection, name, key| {
            let mut read = connection.prepare_cached(READ)?;
            let row = read.query_row(params![name, key, now()], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
            });
            let row = row.optional()?;
            Ok(row.map(|(value, version)| (value.into(), Version::new(version))))
        })
    }

    fn exists(&self, key: &str) -> Called<bool> {
        self.call(key, |connection, name, key| {
            let mut read = connection.prepare_cached(EXISTS)?;
            read.exists(params![name, key, now()])
        })
    }

    fn write(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Called<Version> {
        let written = self.call(key, move |connection, name, key| {
            let (value, expires) = (&*value, expiry(ttl));
            if ttl.is_some() {
                // Whoever makes values that expire removes those that have.
                connection.prepare_cached(PURGE)?.execute(params![now()])?;
            }
            match condition {
                Condition::Absent => committed(
                    connection,
                    SET_IF_ABSENT,
                    params![name, key, value, expires, now()],
                ),
                Condition::Version(wanted) => committed(
                    connection,
                    SET_IF_VERSION,
                    params![name, key, value, expires, now(), wanted.as_str()],
                ),
                _ => committed(connection, SET, params![name, key, value, expires]),
            }
        });
        let name = Arc::clone(&self.name);
        Box::pin(async move {
            let version = written.await?.ok_or_else(|| overtaken(&name))?;
            Ok(Version::new(version))
        })
    }

    fn add(&self, key: &str, by: i64) -> Called<i64> {
        let added = self.call(key, move |connection, name, key| {
            committed(connection, ADD, params![name, key, by.to_string(), now()])
        });
        let name = Arc::clone(&self.name);
        Box::pin(async move {
            let sum = added.await?;
            sum.and_then(|sum| sum.parse().ok())
                .ok_or_else(|| no_sum(&name))
        })
    }

    fn delete(&self, key: &str) -> Called<()> {
        self.call(key, |connection, name, key| {
            let mut delete = connection.prepare_cached(DELETE)?;
            delete.execute(params![name, key]).map(drop)
        })
    }

    fn list(&self, query: ListQuery) -> Called<Page> {
        if let Err(error) = query.check_cursor() {
            return Box::pin(async { Err(error) });
        }
        let from = query.range().0.to_owned();
        self.call(&from, move |connection, name, from| {
            let after = query.range().1;
            // One more says whether there is more.
            let most = query.limit.saturating_add(1).to_string();
            let mut list = connection.prepare_cached(LIST)?;
            let rows = list.query_map(params![name, from, after, now(), most], |row| row.get(0))?;
            let keys = rows.collect::<rusqlite::Result<Vec<String>>>()?;
            Ok(query.page(keys))
        })
    }
}
