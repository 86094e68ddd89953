//! Databases of SQLite, by the interface of `guru:ports`.

use guru_core::ports::{Rows, SqlValue, Sqlite, Statement, check_batch};
use wasmtime::Result;
use wasmtime::component::{Accessor, Linker};

use super::bindings::guru::ports::sqlite::{self, Value};
use super::{Ports, Stores};
use crate::state::State;

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    sqlite::add_to_linker::<_, Ports>(linker, State::stores)
}

impl sqlite::Host for &mut Stores {}

impl<T: Send> sqlite::HostWithStore<T> for Ports {
    async fn batch(
        accessor: &Accessor<T, Self>,
        database: String,
        statements: Vec<sqlite::Statement>,
    ) -> Result<Vec<sqlite::Rows>, sqlite::Error> {
        let statements: Vec<_> = statements.into_iter().map(statement).collect();
        check_batch::<Sqlite>(&statements)?;
        let database = accessor.with(|mut access| access.get().connect(&database))?;
        let all = database.batch(statements).await?;
        Ok(all.into_iter().map(rows).collect())
    }
}

fn statement(statement: sqlite::Statement) -> Statement {
    let read = |value| match value {
        Value::Null => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(number),
        Value::Real(number) => SqlValue::Real(number),
        Value::Text(text) => SqlValue::Text(text),
        Value::Bytes(bytes) => SqlValue::Bytes(bytes.into()),
    };
    let parameters = statement.parameters.into_iter().map(read).collect();
    Statement::new(statement.text).with_parameters(parameters)
}

fn rows(rows: Rows) -> sqlite::Rows {
    let written = |value| match value {
        SqlValue::Integer(number) => Value::Integer(number),
        SqlValue::Real(number) => Value::Real(number),
        SqlValue::Text(text) => Value::Text(text),
        SqlValue::Bytes(bytes) => Value::Bytes(bytes.into()),
        SqlValue::Bool(is) => Value::Integer(is.into()),
        _ => Value::Null,
    };
    let all = rows.rows.into_iter();
    sqlite::Rows {
        columns: rows.columns,
        rows: all
            .map(|row| row.into_iter().map(written).collect())
            .collect(),
    }
}
