//! The dialects of SQL, and what holds for statements in all of them.

use alloc::format;

use super::sql::{CELL_LIMIT, PARAMETER_LIMIT, STATEMENT_LIMIT, SqlValue, Statement, invalid};
use super::{Error, ErrorKind, postgres, statement};

/// The most statements of a batch: those that D1 takes of a request
/// (<https://developers.cloudflare.com/d1/platform/limits/>).
const BATCH_LIMIT: usize = 1000;

/// The most bytes of a batch, which is in memory as a whole.
const BATCH_SIZE: usize = 16 * 1024 * 1024;

/// A dialect of SQL, which a function declares: nothing is translated.
///
/// # For implementers
///
/// - Let through what every database of the dialect takes for one statement about a function's own tables, and no word in front that
///   begins or ends a transaction, or is about the connection: others use it next. What else stays with one, whoever keeps
///   connections ends.
pub trait Dialect {
    /// Holds the text of a statement and the number of its parameters to the dialect. Sizes are held already.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid), with the reason.
    fn check(statement: &Statement) -> Result<(), Error>;
}

/// The dialect of SQLite (<https://sqlite.org/lang.html>), without what is about other files, settings and transactions. Foreign
/// keys are held. Parameters are `?1` to `?100`, or `?`.
#[derive(Clone, Copy, Debug)]
pub enum Sqlite {}

impl Dialect for Sqlite {
    fn check(statement: &Statement) -> Result<(), Error> {
        statement::check(statement)
    }
}

/// The dialect of PostgreSQL (<https://www.postgresql.org/docs/current/sql.html>), without what is about transactions and sessions.
/// Parameters are `$1` to `$100`, each of the type that it is given with: `bigint`, `double precision`, `text`, `bytea` or
/// `boolean`; null is of any.
#[derive(Clone, Copy, Debug)]
pub enum Postgres {}

impl Dialect for Postgres {
    fn check(statement: &Statement) -> Result<(), Error> {
        postgres::check(statement)
    }
}

impl Statement {
    /// Holds it to what all databases of a dialect take: one statement, of up to 100 KB, with up to 100 parameters, each of up to
    /// 2 MB; and none that begins or ends a transaction, or changes more than its own rows.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](ErrorKind::TooLarge) or [`Invalid`](ErrorKind::Invalid), with the reason; [`InvalidKey`](ErrorKind::InvalidKey) for a
    /// text with U+0000 among the parameters of PostgreSQL, which comes from a client.
    pub fn check<D: Dialect>(&self) -> Result<(), Error> {
        let too_large = |what: &str, most: usize| {
            Err(Error::new(
                ErrorKind::TooLarge,
                format!("{what} of SQL has {most} bytes at most"),
            ))
        };
        if self.text.len() > STATEMENT_LIMIT {
            return too_large("a statement", STATEMENT_LIMIT);
        }
        if self.parameters.iter().any(|value| size(value) > CELL_LIMIT) {
            return too_large("a parameter", CELL_LIMIT);
        }
        if self.text.contains('\0') {
            return Err(invalid("it has a zero byte in it"));
        }
        if self.parameters.len() > PARAMETER_LIMIT {
            return Err(invalid(&format!(
                "it has {PARAMETER_LIMIT} parameters at most"
            )));
        }
        D::check(self)
    }
}

/// Holds statements of one transaction to what all databases of a dialect take, as [`Statement::check`] does each: up to 1000, and
/// 16 MiB in all.
///
/// # Errors
///
/// As [`Statement::check`].
pub fn check_batch<D: Dialect>(statements: &[Statement]) -> Result<(), Error> {
    let size = |statement: &Statement| {
        let parameters = statement.parameters.iter();
        parameters.map(size).sum::<usize>() + statement.text.len()
    };
    if statements.len() > BATCH_LIMIT || statements.iter().map(size).sum::<usize>() > BATCH_SIZE {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("a batch of SQL has {BATCH_LIMIT} statements and {BATCH_SIZE} bytes at most"),
        ));
    }
    statements.iter().try_for_each(Statement::check::<D>)
}

/// How many bytes a parameter has beside itself.
fn size(value: &SqlValue) -> usize {
    match value {
        SqlValue::Text(text) => text.len(),
        SqlValue::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}
