//! Atomic stores, by `spin:sqlite`: a table of the database that has the store's name. Spin's own compare-and-swap takes a key
//! that is not there for one that may be overwritten (spin, `crates/key-value-spin/src/store.rs`).
//!
//! `guru build --on spin` composes a function's component with this one, where it has such a store. A store is named in `spin.toml`
//! as the function names it.

#![cfg(target_family = "wasm")]

use std::time::{Duration, SystemTime};

use guru_core::adapter::sqlite::{
    ADD, CREATE, DELETE, EXISTS, LIST, PURGE, READ, SET, SET_IF_ABSENT, SET_IF_VERSION,
};
use guru_core::adapter::{no_sum, overtaken};
use guru_core::ports::{self, ListQuery};
use guru_wit::atomic_adapter::atomic::{Condition, Error, ErrorKind, Guest, Page, Versioned};
use guru_wit::atomic_adapter::export_atomic;
use spin_sdk::sqlite::{self, Connection, RowResult, Value};

struct Ports;

export_atomic!(Ports with_types_in guru_wit::atomic_adapter);

impl Guest for Ports {
    async fn read(store: String, key: String) -> Result<Option<Versioned>, Error> {
        let rows = run(&store, READ, [text(&store), text(&key), time()]).await?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(None);
        };
        let mut values = row.values.into_iter();
        match (values.next(), values.next()) {
            (Some(Value::Blob(value)), Some(Value::Text(version))) => {
                Ok(Some(Versioned { value, version }))
            }
            _ => Err(corrupt(&store)),
        }
    }

    async fn exists(store: String, key: String) -> Result<bool, Error> {
        let rows = run(&store, EXISTS, [text(&store), text(&key), time()]).await?;
        Ok(!rows.is_empty())
    }

    async fn write(
        store: String,
        key: String,
        value: Vec<u8>,
        ttl: Option<u64>,
        condition: Condition,
    ) -> Result<String, Error> {
        let now = time();
        let expires = ttl.map_or(Value::Null, |ttl| {
            let ttl = i64::try_from(ttl).unwrap_or(i64::MAX).saturating_mul(1000);
            Value::Integer(millis().saturating_add(ttl))
        });
        if ttl.is_some() {
            // Whoever makes values that expire removes those that have.
            run(&store, PURGE, [time()]).await?;
        }
        let mut parameters = vec![text(&store), text(&key), Value::Blob(value), expires];
        let statement = match condition {
            Condition::None => SET,
            Condition::Absent => {
                parameters.push(now);
                SET_IF_ABSENT
            }
            Condition::Version(version) => {
                parameters.extend([now, Value::Text(version)]);
                SET_IF_VERSION
            }
        };
        let rows = run(&store, statement, parameters).await?;
        first(&store, rows)?.ok_or_else(|| conflict(&overtaken(&store)))
    }

    async fn add(store: String, key: String, by: i64) -> Result<i64, Error> {
        let parameters = [
            text(&store),
            text(&key),
            Value::Text(by.to_string()),
            time(),
        ];
        let rows = run(&store, ADD, parameters).await?;
        let sum = first(&store, rows)?.and_then(|sum| sum.parse().ok());
        sum.ok_or_else(|| conflict(&no_sum(&store)))
    }

    async fn delete(store: String, key: String) -> Result<(), Error> {
        run(&store, DELETE, [text(&store), text(&key)])
            .await
            .map(drop)
    }

    async fn list_keys(
        store: String,
        prefix: String,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<Page, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let query = ListQuery::new(prefix).with_limit(limit).with_cursor(cursor);
        query.check_cursor().map_err(|error| Error {
            kind: ErrorKind::InvalidKey,
            message: error.to_string(),
        })?;
        let (from, after) = query.range();
        // One more says whether there is more.
        let most = Value::Text(limit.saturating_add(1).to_string());
        let parameters = [text(&store), text(from), text(after), time(), most];
        let mut keys = Vec::new();
        for row in run(&store, LIST, parameters).await? {
            match row.values.into_iter().next() {
                Some(Value::Text(key)) => keys.push(key),
                _ => return Err(corrupt(&store)),
            }
        }
        let page = query.page(keys);
        Ok(Page {
            keys: page.keys,
            cursor: page.cursor,
        })
    }
}

/// Runs a statement, on a table that is made where it was not.
async fn run(
    store: &str,
    statement: &str,
    parameters: impl IntoIterator<Item = Value>,
) -> Result<Vec<RowResult>, Error> {
    let parameters: Vec<_> = parameters.into_iter().collect();
    let connection = Connection::open(store).await;
    let connection = connection.map_err(|error| failed(store, error))?;
    match rows(&connection, statement, parameters.clone()).await {
        Err(sqlite::Error::Io(why)) if why.contains("no such table") => {
            for create in CREATE {
                let made = rows(&connection, create, Vec::new()).await;
                made.map_err(|error| failed(store, error))?;
            }
            let again = rows(&connection, statement, parameters).await;
            again.map_err(|error| failed(store, error))
        }
        done => done.map_err(|error| failed(store, error)),
    }
}

async fn rows(
    connection: &Connection,
    statement: &str,
    parameters: Vec<Value>,
) -> Result<Vec<RowResult>, sqlite::Error> {
    connection
        .execute(statement, parameters)
        .await?
        .collect()
        .await
}

/// The only text of the rows, if there is one.
fn first(store: &str, rows: Vec<RowResult>) -> Result<Option<String>, Error> {
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    match row.values.into_iter().next() {
        Some(Value::Text(text)) => Ok(Some(text)),
        _ => Err(corrupt(store)),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn millis() -> i64 {
    i64::try_from(now().as_millis()).unwrap_or(i64::MAX)
}

fn time() -> Value {
    Value::Integer(millis())
}

fn conflict(error: &ports::Error) -> Error {
    Error {
        kind: ErrorKind::Conflict,
        message: error.to_string(),
    }
}

fn corrupt(store: &str) -> Error {
    let message = format!("the database `{store}` has a row that no port has written");
    Error {
        kind: ErrorKind::Corrupt,
        message,
    }
}

fn failed(store: &str, error: sqlite::Error) -> Error {
    let (kind, why) = match error {
        sqlite::Error::NoSuchDatabase => (
            ErrorKind::Unavailable,
            "there is none of this name: `--runtime-config-file` says where it is".to_owned(),
        ),
        sqlite::Error::AccessDenied => (
            ErrorKind::Denied,
            "`sqlite_databases` of spin.toml does not name it".to_owned(),
        ),
        sqlite::Error::InvalidConnection => {
            (ErrorKind::Broken, "its connection is gone".to_owned())
        }
        sqlite::Error::DatabaseFull => (ErrorKind::Unavailable, "it is full".to_owned()),
        sqlite::Error::Io(why) if why.contains("locked") => (ErrorKind::Timeout, why),
        sqlite::Error::Io(why) => (ErrorKind::Other, why),
    };
    let message = format!("the database `{store}`: {why}");
    Error { kind, message }
}

/// The time since 1970. A clock before that is wrong by decades: 0 is as good as any value.
fn now() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default()
}
