//! The database, in the dialect of the build. The texts are the same in both but for their parameters, and so are written here with
//! those of SQLite: `?1`.

use guru::ports::{Rows, SqlValue, Statement};
use guru::prelude::*;
use serde::de::DeserializeOwned;

/// A statement in the dialect of the build. None of our texts has a `?` that is no parameter.
pub(crate) fn statement(sql: &str, values: impl Into<Vec<SqlValue>>) -> Statement {
    let text = if cfg!(feature = "sqlite") {
        sql.into()
    } else {
        sql.replace('?', "$")
    };
    let values = values.into().into_iter().map(storable);
    Statement::new(text).with_parameters(values.collect())
}

/// PostgreSQL has no place for the letter of the number 0, which clients can send all the same: what stands for a letter that cannot be
/// shown takes its place, here as in Markdown.
fn storable(value: SqlValue) -> SqlValue {
    match value {
        SqlValue::Text(text) if text.contains('\0') => text.replace('\0', "\u{fffd}").into(),
        value => value,
    }
}

/// Runs statements as one transaction: the rows of the last one.
pub(crate) async fn batch<T: DeserializeOwned>(
    cx: &Context,
    statements: Vec<Statement>,
) -> Result<Vec<T>> {
    let all = cx.port(crate::db).batch(statements).await?;
    Ok(all.last().map(Rows::read).transpose()?.unwrap_or_default())
}

/// Runs two statements as one transaction: the rows of each.
pub(crate) async fn both<A: DeserializeOwned, B: DeserializeOwned>(
    cx: &Context,
    first: Statement,
    second: Statement,
) -> Result<(Vec<A>, Vec<B>)> {
    let all = cx.port(crate::db).batch([first, second]).await?;
    match &*all {
        [first, second] => Ok((first.read()?, second.read()?)),
        _ => Err(ErrorKind::Internal.into()),
    }
}

/// The rows of a statement.
pub(crate) async fn all<T: DeserializeOwned>(
    cx: &Context,
    sql: &str,
    values: impl Into<Vec<SqlValue>>,
) -> Result<Vec<T>> {
    let Statement { text, parameters } = statement(sql, values);
    Ok(cx.port(crate::db).query_as(&text, parameters).await?)
}

/// The first row of a statement.
pub(crate) async fn first<T: DeserializeOwned>(
    cx: &Context,
    sql: &str,
    values: impl Into<Vec<SqlValue>>,
) -> Result<Option<T>> {
    let Statement { text, parameters } = statement(sql, values);
    Ok(cx.port(crate::db).first_as(&text, parameters).await?)
}

/// Why a statement has done nothing to somebody's article or comment: it is somebody else's, or it is not there.
pub(crate) async fn refused(cx: &Context, sql: &str, key: impl Into<Vec<SqlValue>>) -> Error {
    match first::<i64>(cx, sql, key).await {
        Ok(Some(_)) => Error::new(ErrorKind::Forbidden, "it is not yours"),
        Ok(None) => Error::not_found(),
        Err(error) => error,
    }
}

/// A key that nobody has: 53 random bits, which a client's numbers hold exactly.
pub(crate) fn key(cx: &Context) -> i64 {
    (i64::from_le_bytes(cx.random().bytes()) & ((1 << 53) - 1)).max(1)
}
