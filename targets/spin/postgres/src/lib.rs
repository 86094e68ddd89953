//! Databases of PostgreSQL, by `spin:postgres`: the server that the variable `guru_port_NAME` names, a URL.
//!
//! `guru build --on spin` composes a function's component with this one, where it has such a port. The URL with its password is in
//! this component's memory, and not in the function's.

#![cfg(target_family = "wasm")]

use guru_core::adapter::postgres::{kind_of, not_given};
use guru_core::adapter::sql::Room;
use guru_core::ports::{self, postgres_placeholders};
use guru_wit::postgres_adapter::export_postgres;
use guru_wit::postgres_adapter::postgres::{Error, ErrorKind, Guest, Rows, Statement, Value};
use spin_sdk::pg::{
    self, Column, Connection, DbDataType, DbValue, ParameterValue, PgError, QueryError,
};
use spin_sdk::variables;

struct Ports;

export_postgres!(Ports with_types_in guru_wit::postgres_adapter);

/// How long a transaction may do nothing, and one of its statements take.
const LIMITS: &str = "SELECT set_config('idle_in_transaction_session_timeout', '30s', true), \
                      set_config('statement_timeout', '30s', true)";

impl Guest for Ports {
    async fn batch(database: String, statements: Vec<Statement>) -> Result<Vec<Rows>, Error> {
        let failed = |failure| failed(&database, failure);
        let address = address(&database).await?;
        let connection = Connection::open(address).await;
        let connection = connection.map_err(|error| failed(error.into()))?;
        // Whoever had it before may have been given up in the middle of a transaction, which Spin's pool does not end.
        control(&connection, "ROLLBACK").await.map_err(failed)?;
        let mut room = Room::default();
        let mut all = Vec::with_capacity(statements.len());
        // Each statement is a transaction of its own.
        let is_one = statements.len() == 1;
        if !is_one {
            control(&connection, "BEGIN").await.map_err(failed)?;
            // Spin's pool keeps a transaction whose call is given up, with its locks.
            control(&connection, LIMITS).await.map_err(failed)?;
        }
        for statement in statements {
            match rows(&connection, statement, &mut room).await {
                Ok(rows) => all.push(rows),
                Err(error) => {
                    if !is_one {
                        let _ = control(&connection, "ROLLBACK").await;
                    }
                    return Err(failed(error));
                }
            }
        }
        if !is_one {
            control(&connection, "COMMIT").await.map_err(failed)?;
        }
        Ok(all)
    }
}

/// Where the server of a database is.
async fn address(database: &str) -> Result<String, Error> {
    let name = format!("guru_port_{}", database.to_lowercase());
    variables::get(&name).await.map_err(|_| Error {
        kind: ErrorKind::Unavailable,
        message: format!(
            "there is no server for the database `{database}`: the variable `{name}` names one, as in \
             SPIN_VARIABLE_{}=postgres://USER:PASSWORD@HOST/DATABASE",
            name.to_uppercase()
        ),
    })
}

async fn control(connection: &Connection, text: &str) -> Result<(), Failure> {
    connection.execute(text, Vec::new()).await?;
    Ok(())
}

/// What a call has failed with: what Spin says, or what is not given.
enum Failure {
    Spin(PgError),
    Port(ports::Error),
}

impl From<pg::Error> for Failure {
    fn from(error: pg::Error) -> Self {
        match error {
            pg::Error::PgError(error) => Self::Spin(error),
            other => Self::Spin(PgError::Other(other.to_string())),
        }
    }
}

impl From<ports::Error> for Failure {
    fn from(error: ports::Error) -> Self {
        Self::Port(error)
    }
}

/// Runs a statement to its end.
async fn rows(
    connection: &Connection,
    statement: Statement,
    room: &mut Room,
) -> Result<Rows, Failure> {
    let text = cast(&statement)?;
    let parameters = statement.parameters.into_iter().map(written);
    let found = connection
        .query(text, parameters.collect::<Vec<_>>())
        .await?;
    let (columns, mut values, done) = found.into_inner();
    let mut rows = Vec::new();
    while let Some(row) = values.next().await {
        let size = row.iter().map(size_of).sum::<usize>();
        room.take(size)?;
        let row = row.into_iter().zip(&*columns);
        let row = row.map(|(value, column)| read(value, column));
        rows.push(row.collect::<Result<Vec<_>, _>>()?);
    }
    done.await.map_err(Failure::Spin)?;
    let columns = columns.iter().map(|column| column.name.clone());
    Ok(Rows {
        columns: columns.collect(),
        rows,
    })
}

fn size_of(value: &DbValue) -> usize {
    let more = match value {
        DbValue::Str(text) => text.len(),
        DbValue::Binary(bytes) => bytes.len(),
        _ => 0,
    };
    core::mem::size_of::<Value>() + more
}

/// The statement's text, in which a parameter has the type that it is given with: Spin leaves types to the server, and refuses a
/// value of another one.
fn cast(statement: &Statement) -> Result<String, ports::Error> {
    let source = &*statement.text;
    let mut text = String::with_capacity(source.len());
    let mut done = 0;
    for place in postgres_placeholders(source)? {
        text += source.get(done..place.range.start).unwrap_or_default();
        done = place.range.end;
        let own = source.get(place.range).unwrap_or_default();
        let value = place
            .number
            .checked_sub(1)
            .and_then(|at| statement.parameters.get(at));
        let kind = match value {
            Some(Value::Integer(_)) => "bigint",
            Some(Value::Real(_)) => "double precision",
            Some(Value::Text(_)) => "text",
            Some(Value::Bytes(_)) => "bytea",
            Some(Value::Boolean(_)) => "boolean",
            Some(Value::Null) | None => {
                text += own;
                continue;
            }
        };
        text += &format!("CAST({own} AS {kind})");
    }
    text += source.get(done..).unwrap_or_default();
    Ok(text)
}

fn written(value: Value) -> ParameterValue {
    match value {
        Value::Null => ParameterValue::DbNull,
        Value::Integer(number) => ParameterValue::Int64(number),
        Value::Real(number) => ParameterValue::Floating64(number),
        Value::Text(text) => ParameterValue::Str(text),
        Value::Bytes(bytes) => ParameterValue::Binary(bytes),
        Value::Boolean(is) => ParameterValue::Boolean(is),
    }
}

fn read(value: DbValue, column: &Column) -> Result<Value, ports::Error> {
    let kind = match &column.data_type {
        DbDataType::Boolean
        | DbDataType::Int16
        | DbDataType::Int32
        | DbDataType::Int64
        | DbDataType::Floating32
        | DbDataType::Floating64
        | DbDataType::Str
        | DbDataType::Binary
        | DbDataType::Uuid => None,
        DbDataType::Other(name) => Some(name.clone()),
        other => Some(format!("{other:?}")),
    };
    if let Some(kind) = kind {
        return Err(not_given(&column.name, &kind));
    }
    Ok(match value {
        DbValue::DbNull => Value::Null,
        DbValue::Boolean(is) => Value::Boolean(is),
        DbValue::Int8(number) => Value::Integer(number.into()),
        DbValue::Int16(number) => Value::Integer(number.into()),
        DbValue::Int32(number) => Value::Integer(number.into()),
        DbValue::Int64(number) => Value::Integer(number),
        DbValue::Floating32(number) => Value::Real(number.into()),
        DbValue::Floating64(number) => Value::Real(number),
        DbValue::Str(text) | DbValue::Uuid(text) => Value::Text(text),
        DbValue::Binary(bytes) => Value::Bytes(bytes),
        _ => return Err(not_given(&column.name, "that Spin says")),
    })
}

fn failed(database: &str, failure: Failure) -> Error {
    let (kind, why) = match failure {
        Failure::Port(error) => (error.kind(), error.to_string()),
        Failure::Spin(PgError::QueryFailed(QueryError::DbError(said))) => (
            kind_of(&said.code),
            format!("{}: {}", said.severity, said.message),
        ),
        Failure::Spin(PgError::QueryFailed(QueryError::Text(why))) => (kind_of_text(&why), why),
        Failure::Spin(PgError::ConnectionFailed(why)) if why.contains("not permitted") => (
            ports::ErrorKind::Denied,
            format!("{why}: `allowed_outbound_hosts` of spin.toml does not name it"),
        ),
        Failure::Spin(PgError::ConnectionFailed(why)) if why.contains("authentication failed") => {
            (ports::ErrorKind::Denied, why)
        }
        Failure::Spin(PgError::ConnectionFailed(why)) => (ports::ErrorKind::Unavailable, why),
        Failure::Spin(PgError::BadParameter(why)) => (ports::ErrorKind::Invalid, why),
        Failure::Spin(PgError::ValueConversionFailed(why)) => (ports::ErrorKind::Invalid, why),
        Failure::Spin(PgError::Other(why)) => (ports::ErrorKind::Other, why),
    };
    Error {
        kind: match kind {
            ports::ErrorKind::Unavailable => ErrorKind::Unavailable,
            ports::ErrorKind::Denied => ErrorKind::Denied,
            ports::ErrorKind::Invalid => ErrorKind::Invalid,
            ports::ErrorKind::TooLarge => ErrorKind::TooLarge,
            ports::ErrorKind::Conflict => ErrorKind::Conflict,
            ports::ErrorKind::Corrupt => ErrorKind::Corrupt,
            ports::ErrorKind::Timeout => ErrorKind::Timeout,
            ports::ErrorKind::Broken => ErrorKind::Broken,
            _ => ErrorKind::Other,
        },
        message: format!("the database `{database}`: {why}"),
    }
}

/// What the driver itself says, which Spin passes on as text alone.
fn kind_of_text(why: &str) -> ports::ErrorKind {
    if why.contains("cannot convert between") || why.contains("FromSql") || why.contains("ToSql") {
        // A column of a type that Spin has no value for.
        ports::ErrorKind::Invalid
    } else if why.contains("exceeds limit") {
        ports::ErrorKind::TooLarge
    } else {
        ports::ErrorKind::Broken
    }
}
