//! Databases of SQLite, by `spin:sqlite`: the database that has the port's name.
//!
//! `guru build --on spin` composes a function's component with this one, where it has such a port. A database is named in
//! `spin.toml` as the function names it.

#![cfg(target_family = "wasm")]

use guru_wit::sqlite_adapter::export_sqlite;
use guru_wit::sqlite_adapter::sqlite::{Error, ErrorKind, Guest, Rows, Statement, Value};
use spin_sdk::sqlite::{self, Connection};

struct Ports;

export_sqlite!(Ports with_types_in guru_wit::sqlite_adapter);

impl Guest for Ports {
    async fn batch(database: String, statements: Vec<Statement>) -> Result<Vec<Rows>, Error> {
        // Each has a transaction of its own.
        let connection = Connection::open(&database).await;
        let connection = connection.map_err(|error| failed(&database, error))?;
        // One that reads waits for no writer; one that writes may stop in the middle (`INSERT OR FAIL`).
        let only_reads = matches!(&*statements, [one] if reads(&one.text));
        if !only_reads {
            control(&connection, &database, "BEGIN IMMEDIATE").await?;
        }
        let mut all = Vec::with_capacity(statements.len());
        for statement in statements {
            match rows(&connection, statement).await {
                Ok(rows) => all.push(rows),
                Err(error) => {
                    if !only_reads {
                        // The connection is closed after this, which does the same.
                        let _ = control(&connection, &database, "ROLLBACK").await;
                    }
                    return Err(failed(&database, error));
                }
            }
        }
        if !only_reads {
            control(&connection, &database, "COMMIT").await?;
        }
        Ok(all)
    }
}

/// Whether the statement only reads, for certain.
fn reads(text: &str) -> bool {
    let word = text.trim_start().get(..6);
    word.is_some_and(|word| word.eq_ignore_ascii_case("SELECT"))
}

async fn control(connection: &Connection, database: &str, text: &str) -> Result<(), Error> {
    let statement = Statement {
        text: text.to_owned(),
        parameters: Vec::new(),
    };
    let done = rows(connection, statement).await;
    done.map(drop).map_err(|error| failed(database, error))
}

/// Runs a statement to its end.
async fn rows(connection: &Connection, statement: Statement) -> Result<Rows, sqlite::Error> {
    let parameters = statement
        .parameters
        .into_iter()
        .map(written)
        .collect::<Vec<_>>();
    let found = connection.execute(statement.text, parameters).await?;
    let columns = found.columns().to_vec();
    let rows = found.collect().await?.into_iter();
    Ok(Rows {
        columns,
        rows: rows
            .map(|row| row.values.into_iter().map(read).collect())
            .collect(),
    })
}

fn written(value: Value) -> sqlite::Value {
    match value {
        Value::Null => sqlite::Value::Null,
        Value::Integer(number) => sqlite::Value::Integer(number),
        Value::Real(number) => sqlite::Value::Real(number),
        Value::Text(text) => sqlite::Value::Text(text),
        Value::Bytes(bytes) => sqlite::Value::Blob(bytes),
    }
}

fn read(value: sqlite::Value) -> Value {
    match value {
        sqlite::Value::Null => Value::Null,
        sqlite::Value::Integer(number) => Value::Integer(number),
        sqlite::Value::Real(number) => Value::Real(number),
        sqlite::Value::Text(text) => Value::Text(text),
        sqlite::Value::Blob(bytes) => Value::Bytes(bytes),
    }
}

/// Spin tells what SQLite said as text alone.
fn failed(database: &str, error: sqlite::Error) -> Error {
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
        sqlite::Error::Io(why) => (kind(&why), why),
    };
    let message = format!("the database `{database}`: {why}");
    Error { kind, message }
}

fn kind(why: &str) -> ErrorKind {
    let says = |texts: &[&str]| texts.iter().any(|text| why.contains(text));
    // Names of tables are in it, too.
    if says(&["no such ", "syntax error"]) {
        ErrorKind::Invalid
    } else if says(&["constraint failed", "cannot store "]) {
        ErrorKind::Conflict
    } else if says(&["database is locked", "database table is locked"]) {
        ErrorKind::Timeout
    } else if says(&["string or blob too big"]) {
        ErrorKind::TooLarge
    } else if says(&[
        "disk I/O error",
        "disk is full",
        "unable to open database",
        "out of memory",
    ]) {
        ErrorKind::Unavailable
    } else {
        // What is left is what SQLite says of a statement.
        ErrorKind::Invalid
    }
}
