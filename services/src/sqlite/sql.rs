//! Databases of a function's own tables, in files of SQLite or in memory. They are as strict as Cloudflare's D1: what passes here
//! passes there.

use std::cell::RefCell;
use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use guru_core::adapter::sql::{Room, TIME, late};
use guru_core::ports::{
    CELL_LIMIT, Called as Local, Error, ErrorKind, PARAMETER_LIMIT, Rows, STATEMENT_LIMIT, Sql,
    SqlValue, Statement,
};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, Transaction, TransactionBehavior};

use super::database::{self, Database, Use};
use super::migrate::migrate;
use crate::migration::Migration;
use crate::{Called, SqlDatabase};

/// The limits of D1 that SQLite holds by itself (<https://developers.cloudflare.com/d1/platform/limits/>, and for those that the
/// page has not, `sqlite3_limit` in workerd, `src/workerd/util/sqlite.c++`).
const LIMITS: [(Limit, usize); 7] = [
    (Limit::SQLITE_LIMIT_LENGTH, CELL_LIMIT),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT_LIMIT),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, PARAMETER_LIMIT),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
];

/// What SQLite itself asks for, as to add a column with a check, and to search texts; and what a migration may say, by which foreign keys
/// are held at its end (<https://developers.cloudflare.com/d1/sql-api/foreign-keys/>). It ends with the transaction.
const PRAGMAS: [&str; 3] = ["data_version", "defer_foreign_keys", "quick_check"];

/// How many steps of SQLite's machine lie between two looks at the time: less than a millisecond.
const STEPS: i32 = 10_000;

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
            let done = database.call(move |connection| Ok(run(connection, &statements, TIME)));
            done.await?
        })
    }

    fn migrate(&self, name: &str, migrations: Vec<Migration>) -> Called<Vec<String>> {
        let (database, name) = (Arc::clone(&self.0), name.to_owned());
        Box::pin(async move {
            let done = database.call(move |connection| Ok(migrate(connection, &name, &migrations)));
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

    /// Applies migrations, each once; returns the names of those that were not yet.
    ///
    /// # Errors
    ///
    /// When one fails, of which nothing is done then.
    pub fn migrate(&self, migrations: &[Migration]) -> Result<Vec<String>, Error> {
        self.with(|connection| migrate(connection, "", migrations))
    }

    fn with<T>(&self, call: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = self.0.borrow_mut();
        let connection = match &mut *connection {
            Some(connection) => connection,
            none => {
                let opened = Connection::open_in_memory();
                let opened = opened.and_then(|opened| restrict(&opened).map(|()| opened));
                none.insert(opened.map_err(|error| failed(&error))?)
            }
        };
        call(connection)
    }
}

impl Sql for SqliteInMemory {
    fn batch(&self, statements: Vec<Statement>) -> Local<Vec<Rows>> {
        Box::pin(ready(
            self.with(|connection| run(connection, &statements, TIME)),
        ))
    }
}

/// Makes a connection as strict as D1.
pub(super) fn restrict(connection: &Connection) -> rusqlite::Result<()> {
    for (limit, most) in LIMITS {
        connection.set_limit(limit, i32::try_from(most).unwrap_or(i32::MAX))?;
    }
    // A statement begins with none of these, by the port's own check; nor may it get there in another way. What is temporary would
    // stay with one of many connections.
    connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Pragma { pragma_name, .. } if PRAGMAS.contains(&pragma_name) => {
            Authorization::Allow
        }
        AuthAction::Attach { .. }
        | AuthAction::Detach { .. }
        | AuthAction::Pragma { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. } => Authorization::Deny,
        _ => Authorization::Allow,
    }))
}

/// What a call may still use.
struct Left {
    begun: Instant,
    time: Duration,
    room: Room,
}

impl Left {
    /// Fails once the time has passed, which SQLite itself notices only in a long statement.
    fn check(&self) -> Result<(), Error> {
        if self.begun.elapsed() > self.time {
            return Err(late());
        }
        Ok(())
    }
}

/// Runs statements as one transaction, which has this long.
fn run(
    connection: &Connection,
    statements: &[Statement],
    time: Duration,
) -> Result<Vec<Rows>, Error> {
    let begun = Instant::now();
    let mut left = Left {
        begun,
        time,
        room: Room::default(),
    };
    connection
        .progress_handler(STEPS, Some(move || begun.elapsed() > time))
        .map_err(|error| failed(&error))?;
    let done = transact(connection, statements, &mut left);
    connection
        .progress_handler(0, None::<fn() -> bool>)
        .map_err(|error| failed(&error))?;
    done
}

fn transact(
    connection: &Connection,
    statements: &[Statement],
    left: &mut Left,
) -> Result<Vec<Rows>, Error> {
    // One that only reads waits for no writer. One that writes may stop in the middle, as by `INSERT OR FAIL`.
    if let [statement] = statements
        && only_reads(connection, statement)?
    {
        return Ok(vec![rows(connection, statement, left)?]);
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    let transaction = transaction.map_err(|error| failed(&error))?;
    let mut all = Vec::with_capacity(statements.len());
    for statement in statements {
        left.check()?;
        all.push(rows(&transaction, statement, left)?);
        if transaction.is_autocommit() {
            // Nothing that the port lets through does that.
            let message = "a statement has ended the transaction that it is in";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
    }
    transaction.commit().map_err(|error| failed(&error))?;
    Ok(all)
}

fn only_reads(connection: &Connection, statement: &Statement) -> Result<bool, Error> {
    let prepared = connection.prepare(&statement.text);
    Ok(prepared.map_err(|error| failed(&error))?.readonly())
}

/// Runs a statement to its end. It is prepared anew: what a statement of before knew of its columns may have changed.
fn rows(connection: &Connection, statement: &Statement, left: &mut Left) -> Result<Rows, Error> {
    let failed = |error: rusqlite::Error| failed(&error);
    let mut prepared = connection.prepare(&statement.text).map_err(failed)?;
    let names = |statement: &rusqlite::Statement<'_>| -> Vec<String> {
        let names = statement.column_names().into_iter();
        names.map(Into::into).collect()
    };
    let mut columns = None;
    let parameters = statement.parameters.iter().map(Parameter);
    let mut found = prepared
        .query(rusqlite::params_from_iter(parameters))
        .map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        // SQLite may have found the tables changed, and other columns, as it began.
        let count = columns.get_or_insert_with(|| names(row.as_ref())).len();
        left.room.take(size_of::<Vec<SqlValue>>())?;
        let values = (0..count).map(|at| value(row.get_ref(at).map_err(failed)?, left));
        rows.push(values.collect::<Result<_, Error>>()?);
    }
    drop(found);
    let columns = columns.unwrap_or_else(|| names(&prepared));
    left.room.take(
        columns
            .iter()
            .map(|name| name.len() + size_of::<String>())
            .sum(),
    )?;
    Ok(Rows { columns, rows })
}

fn value(value: ValueRef<'_>, left: &mut Left) -> Result<SqlValue, Error> {
    let size = match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        _ => 0,
    };
    left.room.take(size + size_of::<SqlValue>())?;
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

/// What SQLite says of a statement.
pub(super) fn failed(error: &rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => ErrorKind::Conflict,
        // It was not done: what is interrupted is rolled back.
        Some(ErrorCode::OperationInterrupted) => ErrorKind::Timeout,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_ended_and_leaves_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        restrict(&connection).unwrap();
        let run = |texts: &[&str]| {
            let statements: Vec<_> = texts.iter().map(|&text| Statement::new(text)).collect();
            run(&connection, &statements, Duration::from_millis(20))
        };
        run(&["CREATE TABLE a (b)"]).unwrap();
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        for batch in [&[endless][..], &["INSERT INTO a VALUES (1)", endless]] {
            let error = run(batch).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
            assert!(connection.is_autocommit());
        }
        let rows = run(&["SELECT count(*) FROM a"]).unwrap();
        assert_eq!(rows[0].rows, [[SqlValue::Integer(0)]]);
    }

    #[test]
    fn a_statement_is_all_or_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        restrict(&connection).unwrap();
        let run = |text: &str| run(&connection, &[Statement::new(text)], TIME);
        run("CREATE TABLE a (b UNIQUE)").unwrap();
        for text in [
            "INSERT OR FAIL INTO a VALUES (1), (2), (1)",
            "INSERT INTO a VALUES (3) RETURNING CAST(x'ff' AS TEXT)",
        ] {
            assert!(run(text).is_err(), "{text}");
            assert!(connection.is_autocommit());
            let rows = run("SELECT count(*) FROM a").unwrap();
            assert_eq!(rows[0].rows, [[SqlValue::Integer(0)]], "{text}");
        }
    }

    #[test]
    fn columns_are_those_of_now() {
        let connection = Connection::open_in_memory().unwrap();
        restrict(&connection).unwrap();
        let run = |text: &str| run(&connection, &[Statement::new(text)], TIME).unwrap();
        run("CREATE TABLE a (b, c)");
        run("INSERT INTO a VALUES (1, 2)");
        assert_eq!(run("SELECT * FROM a")[0].columns, ["b", "c"]);
        run("ALTER TABLE a DROP COLUMN b");
        run("ALTER TABLE a ADD COLUMN d CHECK (d IS NULL)");
        let rows = run("SELECT * FROM a").remove(0);
        assert_eq!(rows.columns, ["c", "d"]);
        assert_eq!(rows.rows, [[SqlValue::Integer(2), SqlValue::Null]]);
    }

    #[test]
    fn what_comes_back_has_a_limit() {
        let connection = Connection::open_in_memory().unwrap();
        let text = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT zeroblob(1000000) FROM n";
        let error = run(&connection, &[Statement::new(text)], TIME).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    }
}
