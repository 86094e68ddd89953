//! Runs statements on a connection.

use std::future::poll_fn;
use std::pin::pin;

use deadpool_postgres::{GenericClient, Object};
use guru_core::adapter::postgres::kind_of;
use guru_core::adapter::sql::Room;
use guru_core::ports::{Error, ErrorKind, Rows, SqlValue, Statement};
use tokio_postgres::types::Type;

use super::value::{self, Parameter};

/// How many statements a connection knows. A text that is made anew each time would fill the server's memory.
const PREPARED: usize = 256;

/// The parts of the server that say that a statement was prepared before its table was changed: in its messages it says so in its
/// own language, with codes that others have, too.
const STALE: [&str; 3] = [
    "FetchPreparedStatement",
    "RevalidateCachedQuery",
    "transformAssignedExpr",
];

/// What a call has failed with.
pub(super) enum Failure {
    /// The server knows the statement of before its table was changed. Nothing was done.
    Stale(Error),
    /// What the server has to say was not read to its end.
    Unread(Error),
    Other(Error),
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Stale(error) | Self::Unread(error) | Self::Other(error) => error,
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let said = error.as_db_error();
        let routine = said.and_then(|said| said.routine());
        // In a function of the author's it is a failure like others, behind what may be done already.
        let is_own = said.is_some_and(|said| said.where_().is_none());
        let is_stale = is_own && routine.is_some_and(|routine| STALE.contains(&routine));
        let error = failed(&error);
        if is_stale {
            Self::Stale(error)
        } else {
            Self::Other(error)
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Runs statements as one transaction.
pub(super) async fn run(
    object: &mut Object,
    statements: &[Statement],
) -> Result<Vec<Rows>, Failure> {
    if object.statement_cache.size() > PREPARED {
        object.statement_cache.clear();
    }
    match transact(object, statements).await {
        Err(Failure::Stale(_)) => {
            object.statement_cache.clear();
            transact(object, statements).await
        }
        done => done,
    }
}

async fn transact(object: &mut Object, statements: &[Statement]) -> Result<Vec<Rows>, Failure> {
    let mut room = Room::default();
    // Each statement is a transaction of its own.
    if let [statement] = statements {
        return Ok(vec![rows(&*object, statement, &mut room).await?]);
    }
    let transaction = object.transaction().await?;
    let mut all = Vec::with_capacity(statements.len());
    for statement in statements {
        all.push(rows(&transaction, statement, &mut room).await?);
    }
    transaction.commit().await?;
    Ok(all)
}

/// Runs a statement to its end.
async fn rows(
    client: &impl GenericClient,
    statement: &Statement,
    room: &mut Room,
) -> Result<Rows, Failure> {
    let types: Vec<Type> = statement.parameters.iter().map(value::type_of).collect();
    let prepared = client.prepare_typed_cached(&statement.text, &types).await?;
    prepared.columns().iter().try_for_each(value::check)?;
    let names = prepared
        .columns()
        .iter()
        .map(|column| column.name().to_owned());
    let columns: Vec<String> = names.collect();
    room.take(
        columns
            .iter()
            .map(|name| name.len() + size_of::<String>())
            .sum(),
    )?;
    let parameters: Vec<_> = statement
        .parameters
        .iter()
        .cloned()
        .map(Parameter)
        .collect();
    let mut found = pin!(client.query_raw(&prepared, parameters).await?);
    let mut rows = Vec::new();
    while let Some(row) = poll_fn(|cx| futures_core::Stream::poll_next(found.as_mut(), cx)).await {
        let row = row?;
        let taken = room.take(
            row.raw_size_bytes() + size_of::<Vec<SqlValue>>() + row.len() * size_of::<SqlValue>(),
        );
        taken.map_err(Failure::Unread)?;
        let values = (0..row.len()).map(|at| value::read(&row, at));
        let values = values.collect::<Result<_, _>>();
        rows.push(values.map_err(|error| Failure::Unread(failed(&error)))?);
    }
    Ok(Rows { columns, rows })
}

/// What the server says of a statement, or why it says nothing.
pub(super) fn failed(error: &tokio_postgres::Error) -> Error {
    let kind = match error.as_db_error() {
        Some(said) => kind_of(said.code().code()),
        // It is a value that cannot be read as what it is.
        None if !error.is_closed() && error.to_string().contains("deserializing") => {
            ErrorKind::Corrupt
        }
        None => ErrorKind::Broken,
    };
    let why = match error.as_db_error() {
        Some(said) => said.to_string(),
        None => chain(error),
    };
    Error::new(kind, format!("PostgreSQL: {why}"))
}

/// The message with those of its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        message = format!("{message}: {next}");
        cause = next.source();
    }
    message
}
