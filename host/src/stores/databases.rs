//! Databases, by the interfaces of `guru:ports`, of which each dialect has one.

use wasmtime::Result;
use wasmtime::component::Linker;

use super::Ports;
use crate::state::State;

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    super::bindings::guru::ports::sqlite::add_to_linker::<_, Ports>(linker, State::stores)?;
    super::bindings::guru::ports::postgres::add_to_linker::<_, Ports>(linker, State::stores)
}

/// A dialect: its interface, and its name in core. What a boolean is there, and in brackets the variant for it, which not all have.
macro_rules! databases {
    ($interface:ident, $dialect:ident, $connect:ident, $is:ident => $written:expr, [$($boolean:ident)?]) => {
        mod $interface {
            use guru_core::ports::{$dialect, Rows, SqlValue, Statement, check_batch};
            use wasmtime::Result;
            use wasmtime::component::Accessor;

            use crate::stores::bindings::guru::ports::$interface::{self as interface, Value};
            use crate::stores::{Ports, Stores};

            impl interface::Host for &mut Stores {}

            impl<T: Send> interface::HostWithStore<T> for Ports {
                async fn batch(
                    accessor: &Accessor<T, Self>,
                    database: String,
                    statements: Vec<interface::Statement>,
                ) -> Result<Vec<interface::Rows>, interface::Error> {
                    let statements: Vec<_> = statements.into_iter().map(statement).collect();
                    check_batch::<$dialect>(&statements)?;
                    let database = accessor.with(|mut access| access.get().$connect(&database))?;
                    let all = database.batch(statements).await?;
                    Ok(all.into_iter().map(rows).collect())
                }
            }

            fn statement(statement: interface::Statement) -> Statement {
                let read = |value| match value {
                    Value::Null => SqlValue::Null,
                    Value::Integer(number) => SqlValue::Integer(number),
                    Value::Real(number) => SqlValue::Real(number),
                    Value::Text(text) => SqlValue::Text(text),
                    Value::Bytes(bytes) => SqlValue::Bytes(bytes.into()),
                    $(Value::$boolean(is) => SqlValue::Bool(is),)?
                };
                let parameters = statement.parameters.into_iter().map(read).collect();
                Statement::new(statement.text).with_parameters(parameters)
            }

            fn rows(rows: Rows) -> interface::Rows {
                let written = |value| match value {
                    SqlValue::Integer(number) => Value::Integer(number),
                    SqlValue::Real(number) => Value::Real(number),
                    SqlValue::Text(text) => Value::Text(text),
                    SqlValue::Bytes(bytes) => Value::Bytes(bytes.into()),
                    SqlValue::Bool($is) => $written,
                    _ => Value::Null,
                };
                let all = rows.rows.into_iter();
                interface::Rows {
                    columns: rows.columns,
                    rows: all
                        .map(|row| row.into_iter().map(written).collect())
                        .collect(),
                }
            }
        }
    };
}

databases!(sqlite, Sqlite, connect, is => Value::Integer(is.into()), []);
databases!(postgres, Postgres, connect_postgres, is => Value::Boolean(is), [Boolean]);
