//! Parameters and values as PostgreSQL has them on the wire
//! (<https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES>).

use std::error::Error as StdError;

use bytes::BytesMut;
use guru_core::adapter::postgres::{is_given, not_given};
use guru_core::ports::{Error, SqlValue};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Column, Row};

/// The type that a parameter is given with; the server finds out that of null.
pub(super) fn type_of(value: &SqlValue) -> Type {
    match value {
        SqlValue::Integer(_) => Type::INT8,
        SqlValue::Real(_) => Type::FLOAT8,
        SqlValue::Text(_) => Type::TEXT,
        SqlValue::Bytes(_) => Type::BYTEA,
        SqlValue::Bool(_) => Type::BOOL,
        _ => Type::UNKNOWN,
    }
}

/// A parameter of the type that its statement was prepared with.
#[derive(Debug)]
pub(super) struct Parameter(pub(super) SqlValue);

impl ToSql for Parameter {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match &self.0 {
            SqlValue::Integer(number) => number.to_sql(kind, out),
            SqlValue::Real(number) => number.to_sql(kind, out),
            SqlValue::Text(text) => text.to_sql(kind, out),
            SqlValue::Bytes(bytes) => (&**bytes).to_sql(kind, out),
            SqlValue::Bool(is) => is.to_sql(kind, out),
            _ => Ok(IsNull::Yes),
        }
    }

    /// What it was prepared with decides, which is [`type_of`] it.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Fails where a column is of a type whose values are not given.
pub(super) fn check(column: &Column) -> Result<(), Error> {
    let kind = column.type_();
    if is_given(kind.oid()) {
        Ok(())
    } else {
        Err(not_given(column.name(), kind.name()))
    }
}

/// A value of a row, whose columns have been checked.
pub(super) fn read(row: &Row, at: usize) -> Result<SqlValue, tokio_postgres::Error> {
    let kind = row.columns().get(at).map(Column::type_);
    Ok(match kind {
        Some(&Type::BOOL) => row.try_get::<_, Option<bool>>(at)?.into(),
        Some(&Type::INT2) => row.try_get::<_, Option<i16>>(at)?.into(),
        Some(&Type::INT4) => row.try_get::<_, Option<i32>>(at)?.into(),
        Some(&Type::INT8) => row.try_get::<_, Option<i64>>(at)?.into(),
        Some(&Type::FLOAT4) => row.try_get::<_, Option<f32>>(at)?.into(),
        Some(&Type::FLOAT8) => row.try_get::<_, Option<f64>>(at)?.into(),
        Some(&Type::BYTEA) => row.try_get::<_, Option<&[u8]>>(at)?.into(),
        Some(&Type::UUID) => {
            let value = row.try_get::<_, Option<Uuid>>(at)?;
            value.map(|value| value.0.to_string()).into()
        }
        _ => row.try_get::<_, Option<&str>>(at)?.into(),
    })
}

struct Uuid(uuid::Uuid);

impl<'a> FromSql<'a> for Uuid {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(uuid::Uuid::from_slice(raw)?))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }
}
