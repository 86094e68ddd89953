//! `/sql` and `/sql/batch`, `/postgres` and `/postgres/batch`: databases, each in its dialect.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guru::Sql;
use guru::ports::{self, Dialect, ErrorKind as Kind, Rows, SqlValue, Statement};
use guru::prelude::*;

/// From here on, a number of JSON stands for several integers.
const EXACT: u64 = 1 << 53;

/// The routes of a database.
macro_rules! routes {
    ($name:ident, $port:ident, $one:literal, $batch:literal) => {
        pub(crate) mod $name {
            use guru::prelude::*;

            use crate::ports::$port;

            pub(crate) fn routes(app: App) -> App {
                app.post($one, one).post($batch, batch)
            }

            async fn one(cx: Context, req: Request) -> Result<Response> {
                super::one(cx.port($port), req).await
            }

            async fn batch(cx: Context, req: Request) -> Result<Response> {
                super::batch(cx.port($port), req).await
            }
        }
    };
}

#[cfg(feature = "sqlite")]
routes!(sqlite, tables, "/sql", "/sql/batch");
#[cfg(feature = "postgres")]
routes!(postgres, server, "/postgres", "/postgres/batch");

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Asked {
    sql: String,
    #[serde(default)]
    params: Vec<Value>,
}

#[derive(Serialize)]
#[serde(crate = "guru::serde")]
struct Answered {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

#[derive(Serialize, Deserialize)]
#[serde(crate = "guru::serde", untagged)]
enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    Exact {
        integer: String,
    },
    Bytes {
        base64: String,
    },
    /// What JSON has no number for.
    Beyond {
        real: String,
    },
}

async fn one<D: Dialect>(database: Sql<D>, mut req: Request) -> Result<Response> {
    let asked: Asked = req.json_any().await?;
    let Statement { text, parameters } = statement(asked)?;
    let rows = database.query(&text, parameters).await.map_err(refused)?;
    Response::json(&answered(rows))
}

async fn batch<D: Dialect>(database: Sql<D>, mut req: Request) -> Result<Response> {
    let asked: Vec<Asked> = req.json_any().await?;
    let statements = asked
        .into_iter()
        .map(statement)
        .collect::<Result<Vec<_>>>()?;
    let all = database.batch(statements).await.map_err(refused)?;
    let all: Vec<_> = all.into_iter().map(answered).collect();
    Response::json(&all)
}

fn statement(asked: Asked) -> Result<Statement> {
    let parameters = asked
        .params
        .into_iter()
        .map(parameter)
        .collect::<Result<_>>()?;
    Ok(Statement::new(asked.sql).with_parameters(parameters))
}

fn parameter(value: Value) -> Result<SqlValue> {
    let wrong = || Error::field("params", "has a value that is none");
    Ok(match value {
        Value::Null => SqlValue::Null,
        Value::Bool(is) => is.into(),
        Value::Integer(number) => number.into(),
        Value::Real(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Exact { integer } => {
            let number: i64 = integer.parse().map_err(|_| wrong())?;
            number.into()
        }
        Value::Bytes { base64 } => STANDARD.decode(base64).map_err(|_| wrong())?.into(),
        Value::Beyond { real } => {
            let number: f64 = real.parse().map_err(|_| wrong())?;
            number.into()
        }
    })
}

fn answered(rows: Rows) -> Answered {
    let all = rows.rows.into_iter();
    Answered {
        columns: rows.columns,
        rows: all
            .map(|row| row.into_iter().map(value).collect())
            .collect(),
    }
}

fn value(value: SqlValue) -> Value {
    match value {
        SqlValue::Integer(number) if number.unsigned_abs() < EXACT => Value::Integer(number),
        SqlValue::Integer(number) => Value::Exact {
            integer: number.to_string(),
        },
        // A number of JSON is one, whether or not it is written with a fraction.
        SqlValue::Real(number) if number.fract() == 0.0 && number.abs() <= 9e15 => {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
            let whole = number as i64;
            Value::Integer(whole)
        }
        SqlValue::Real(number) if number.is_finite() => Value::Real(number),
        SqlValue::Real(number) => Value::Beyond {
            real: number.to_string(),
        },
        SqlValue::Text(text) => Value::Text(text),
        SqlValue::Bytes(bytes) => Value::Bytes {
            base64: STANDARD.encode(bytes),
        },
        SqlValue::Bool(is) => Value::Bool(is),
        _ => Value::Null,
    }
}

/// The statement is the client's here, and so is what the database refuses.
fn refused(error: ports::Error) -> Error {
    match error.kind() {
        Kind::Invalid | Kind::Conflict => Error::new(ErrorKind::BadRequest, error.to_string()),
        _ => error.into(),
    }
}
