//! Databases of a function's own tables, in files of SQLite or in memory. They are as strict as Cloudflare's D1: what passes here
//! passes there.

use std::cell::RefCell;
use std::future::ready;
use std::path::Path;
use std::sync::Arc;

use guru_core::ports::{
    CELL_LIMIT, Called as Local, Error, ErrorKind, PARAMETER_LIMIT, Rows, STATEMENT_LIMIT, Sql,
    SqlValue, Statement,
};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, Transaction, TransactionBehavior};

use super::database::{self, Database, Use};
use crate::{Called, SqlDatabase};

/// The limits of D1 that SQLite holds by itself (<https://developers.cloudflare.com/d1/platform/limits/>, and for those that the
/// page has not, `sqlite3_limit` in workerd, `src/workerd/util/sqlite.c++`).
const LIMITS: [(Limit, usize); 6] = [
    (Limit::SQLITE_LIMIT_LENGTH, CELL_LIMIT),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT_LIMIT),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, PARAMETER_LIMIT),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
];

/// The most bytes of what one call comes back with: it is in the host's memory.
const RESULT_LIMIT: usize = 32 * 1024 * 1024;

/// A database in a file of SQLite. Its calls are waited for on a tokio runtime.
///
/// A write is on the disk before it is acknowledged.
#[derive(Clone, Debug)]
pub struct SqliteDatabase(Arc<Database>);

impl SqliteDatabase {
    /// The database in this file. The file is opened by the first call, and made then, with its folders.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        Self(Database::at(path, Use::Tables))
    }
}

impl SqlDatabase for SqliteDatabase {
    fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>> {
        let database = Arc::clone(&self.0);
        Box::pin(async move {
            // What a statement fails with is no fault of the connection.
            let done = database.call(move |connection| Ok(run(connection, &statements)));
            done.await?
        })
    }
}

/// A database of SQLite in memory, for tests. It is as strict as the others.
#[derive(Debug, Default)]
pub struct SqliteInMemory(RefCell<Option<Connection>>);

impl SqliteInMemory {
    /// An empty database.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn run(&self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        let mut connection = self.0.borrow_mut();
        let connection = match &mut *connection {
            Some(connection) => connection,
            none => {
                let opened = Connection::open_in_memory();
                let opened = opened.and_then(|opened| restrict(&opened).map(|()| opened));
                none.insert(opened.map_err(|error| failed(&error))?)
            }
        };
        run(connection, statements)
    }
}

impl Sql for SqliteInMemory {
    fn batch(&self, statements: Vec<Statement>) -> Local<Vec<Rows>> {
        Box::pin(ready(self.run(&statements)))
    }
}

/// Makes a connection as strict as D1.
pub(super) fn restrict(connection: &Connection) -> rusqlite::Result<()> {
    for (limit, most) in LIMITS {
        connection.set_limit(limit, i32::try_from(most).unwrap_or(i32::MAX))?;
    }
    // A statement begins with none of these, by the port's own check; nor may it get there in another way.
    connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Attach { .. } | AuthAction::Detach { .. } | AuthAction::Pragma { .. } => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }))
}

/// Runs statements as one transaction.
fn run(connection: &Connection, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
    let mut room = RESULT_LIMIT;
    // One is a transaction by itself, which waits for no writer if it only reads.
    if let [statement] = statements {
        return Ok(vec![rows(connection, statement, &mut room)?]);
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    let transaction = transaction.map_err(|error| failed(&error))?;
    let all = statements
        .iter()
        .map(|statement| rows(&transaction, statement, &mut room))
        .collect::<Result<_, _>>()?;
    transaction.commit().map_err(|error| failed(&error))?;
    Ok(all)
}

/// Runs a statement to its end, before which nothing is committed.
fn rows(connection: &Connection, statement: &Statement, room: &mut usize) -> Result<Rows, Error> {
    let failed = |error: rusqlite::Error| failed(&error);
    let mut prepared = connection.prepare_cached(&statement.text).map_err(failed)?;
    let columns: Vec<String> = prepared
        .column_names()
        .into_iter()
        .map(Into::into)
        .collect();
    let parameters = statement.parameters.iter().map(Parameter);
    let mut found = prepared
        .query(rusqlite::params_from_iter(parameters))
        .map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        let values = (0..columns.len()).map(|at| value(row.get_ref(at).map_err(failed)?, room));
        rows.push(values.collect::<Result<_, Error>>()?);
    }
    Ok(Rows { columns, rows })
}

fn value(value: ValueRef<'_>, room: &mut usize) -> Result<SqlValue, Error> {
    let size = match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        _ => 0,
    };
    *room = room
        .checked_sub(size + size_of::<SqlValue>())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::TooLarge,
                format!("what a call of SQL comes back with has {RESULT_LIMIT} bytes at most: ask for fewer rows"),
            )
        })?;
    Ok(match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(number) => SqlValue::Integer(number),
        ValueRef::Real(number) => SqlValue::Real(number),
        ValueRef::Text(text) => SqlValue::Text(String::from_utf8(text.to_vec()).map_err(|_| {
            Error::new(
                ErrorKind::Corrupt,
                "the database has a text that is not UTF-8",
            )
        })?),
        ValueRef::Blob(bytes) => SqlValue::Bytes(bytes.to_vec().into()),
    })
}

/// A parameter as SQLite takes it.
struct Parameter<'a>(&'a SqlValue);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            SqlValue::Integer(number) => ValueRef::Integer(*number),
            SqlValue::Real(number) => ValueRef::Real(*number),
            SqlValue::Text(text) => ValueRef::Text(text.as_bytes()),
            SqlValue::Bytes(bytes) => ValueRef::Blob(bytes),
            SqlValue::Bool(is) => ValueRef::Integer((*is).into()),
            _ => ValueRef::Null,
        }))
    }
}

/// What SQLite says of a statement: that names tables and columns, and no values.
fn failed(error: &rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => ErrorKind::Conflict,
        // `SQLITE_ERROR` has no name of its own there.
        Some(
            ErrorCode::Unknown
            | ErrorCode::TypeMismatch
            | ErrorCode::ParameterOutOfRange
            | ErrorCode::AuthorizationForStatementDenied,
        ) => ErrorKind::Invalid,
        None if matches!(
            error,
            rusqlite::Error::SqlInputError { .. }
                | rusqlite::Error::MultipleStatement
                | rusqlite::Error::InvalidParameterCount(..)
        ) =>
        {
            ErrorKind::Invalid
        }
        _ => database::kind_of(error),
    };
    Error::new(kind, format!("SQLite: {}", said(error)))
}

/// Its message without the text of the statement.
fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
