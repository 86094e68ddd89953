//! Databases of a PostgreSQL server.

mod address;
mod value;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{
    GenericClient, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
};
use guru_core::adapter::postgres::kind_of;
use guru_core::ports::{Called as Local, Error, ErrorKind, Rows, Sql, SqlValue, Statement};
use rustls::ClientConfig;
use tokio::runtime::{Builder, Handle};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_postgres::NoTls;
use tokio_postgres::types::Type;
use tokio_postgres_rustls::MakeRustlsConnect;

pub use address::Address;
use address::unavailable;
use value::Parameter;

use crate::{Called, SqlDatabase};

/// How long a call may take, with the connection that it waits for: as long as one of the other databases.
const TIME: Duration = Duration::from_secs(30);

/// The most bytes of what one call comes back with: it is in the host's memory.
const RESULT_LIMIT: usize = 16 * 1024 * 1024;

/// How many statements a connection knows. A text that is made anew each time would fill the server's memory.
const PREPARED: usize = 256;

/// What the server says of a statement that was prepared before its table was changed
/// (`src/backend/utils/cache/plancache.c`), beside its code, which others have, too.
const STALE: (&str, &str) = ("0A000", "cached plan must not change result type");

/// The databases that are used here, each once.
static ALL: LazyLock<Mutex<HashMap<String, Arc<Shared>>>> = LazyLock::new(Mutex::default);

/// The thread that all connections live on: whoever calls may have a runtime that ends before them.
static CONNECTIONS: LazyLock<std::io::Result<Handle>> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("postgres".into())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
});

/// A database of a PostgreSQL server. Its calls can be waited for anywhere.
#[derive(Clone, Debug)]
pub struct PostgresDatabase(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    address: Address,
    /// Made by the first call.
    server: OnceCell<Server>,
}

struct Server {
    pool: Pool,
    tls: Option<ClientConfig>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl PostgresDatabase {
    /// The database at this address. The first call connects; all of a process that have one address share their connections.
    #[must_use]
    pub fn open(address: &Address) -> Self {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = all.entry(address.text.clone()).or_insert_with(|| {
            Arc::new(Shared {
                address: address.clone(),
                server: OnceCell::new(),
            })
        });
        Self(Arc::clone(shared))
    }
}

/// The same for a test, whose calls are waited for where they are made: it needs no runtime.
#[derive(Clone, Debug)]
pub struct BlockingPostgres(Arc<Shared>);

impl BlockingPostgres {
    /// The database at this address, as [`PostgresDatabase::open`].
    #[must_use]
    pub fn open(address: &Address) -> Self {
        Self(PostgresDatabase::open(address).0)
    }

    fn wait(&self, statements: Vec<Statement>) -> Result<Vec<Rows>, Error> {
        let (done, wait) = std::sync::mpsc::sync_channel(1);
        let shared = Arc::clone(&self.0);
        connections()?.spawn(async move {
            let _ = done.send(shared.batch(statements).await);
        });
        wait.recv().unwrap_or_else(|_| Err(broken()))
    }
}

impl Sql for BlockingPostgres {
    fn batch(&self, statements: Vec<Statement>) -> Local<Vec<Rows>> {
        Box::pin(std::future::ready(self.wait(statements)))
    }
}

fn connections() -> Result<&'static Handle, Error> {
    let refused = |error: &std::io::Error| unavailable(format!("no thread to connect on: {error}"));
    CONNECTIONS.as_ref().map_err(refused)
}

fn broken() -> Error {
    Error::new(ErrorKind::Broken, "the call was broken off")
}

impl SqlDatabase for PostgresDatabase {
    fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let task = connections()?.spawn(async move { shared.batch(statements).await });
            task.await.unwrap_or_else(|_| Err(broken()))
        })
    }
}

impl Shared {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Rows>, Error> {
        let server = self.server.get_or_try_init(|| self.connect()).await?;
        let object = server.pool.get();
        let Ok(object) = timeout(TIME, object).await else {
            return Err(unavailable(format!(
                "no connection of {} was free within {TIME:?}",
                self.address.pool
            )));
        };
        let mut object = object.map_err(|error| refused(&error))?;
        let cancel = object.cancel_token();
        let Ok(done) = timeout(TIME, run(&mut object, &statements)).await else {
            // The server still works on it, and nobody else is to wait for that.
            drop(Object::take(object));
            let _ = match &server.tls {
                Some(tls) => {
                    let tls = MakeRustlsConnect::new(tls.clone());
                    timeout(TIME, cancel.cancel_query(tls)).await
                }
                None => timeout(TIME, cancel.cancel_query(NoTls)).await,
            };
            let message = format!("a call of SQL has {TIME:?}");
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        done
    }

    async fn connect(&self) -> Result<Server, Error> {
        // Certificates are in files.
        let address = self.address.clone();
        let tls = tokio::task::spawn_blocking(move || address.tls()).await;
        let tls = tls.unwrap_or_else(|_| Err(broken()))?;
        let config = self.address.config.clone();
        let how = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = match &tls {
            Some(tls) => Manager::from_config(config, MakeRustlsConnect::new(tls.clone()), how),
            None => Manager::from_config(config, NoTls, how),
        };
        let pool = Pool::builder(manager).max_size(self.address.pool).build();
        let pool = pool.map_err(|error| unavailable(error.to_string()))?;
        Ok(Server { pool, tls })
    }
}

/// Why there is no connection. Nothing was done.
fn refused(error: &PoolError) -> Error {
    let PoolError::Backend(error) = error else {
        return unavailable(error.to_string());
    };
    match error.as_db_error() {
        Some(_) => failed(error),
        None => unavailable(format!("the server is not reached: {}", chain(error))),
    }
}

/// What a call has failed with.
enum Failure {
    /// The server knows the statement of before its table was changed. Nothing was done.
    Stale,
    Other(Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let is_stale = error
            .as_db_error()
            .is_some_and(|said| (said.code().code(), said.message()) == STALE);
        if is_stale {
            Self::Stale
        } else {
            Self::Other(failed(&error))
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

async fn run(object: &mut Object, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
    if object.statement_cache.size() > PREPARED {
        object.statement_cache.clear();
    }
    match transact(object, statements).await {
        Ok(rows) => return Ok(rows),
        Err(Failure::Other(error)) => return Err(error),
        Err(Failure::Stale) => object.statement_cache.clear(),
    }
    match transact(object, statements).await {
        Ok(rows) => Ok(rows),
        Err(Failure::Other(error)) => Err(error),
        Err(Failure::Stale) => Err(Error::new(
            ErrorKind::Unavailable,
            "the tables are being changed",
        )),
    }
}

async fn transact(object: &mut Object, statements: &[Statement]) -> Result<Vec<Rows>, Failure> {
    let mut room = RESULT_LIMIT;
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
    room: &mut usize,
) -> Result<Rows, Failure> {
    let types: Vec<Type> = statement.parameters.iter().map(value::type_of).collect();
    let prepared = client.prepare_typed_cached(&statement.text, &types).await?;
    prepared.columns().iter().try_for_each(value::check)?;
    let names = prepared
        .columns()
        .iter()
        .map(|column| column.name().to_owned());
    let columns: Vec<String> = names.collect();
    take(
        room,
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
    while let Some(row) =
        std::future::poll_fn(|cx| futures_core::Stream::poll_next(found.as_mut(), cx)).await
    {
        let row = row?;
        take(
            room,
            row.raw_size_bytes() + size_of::<Vec<SqlValue>>() + row.len() * size_of::<SqlValue>(),
        )?;
        let values = (0..row.len()).map(|at| value::read(&row, at));
        rows.push(values.collect::<Result<_, _>>()?);
    }
    Ok(Rows { columns, rows })
}

/// Takes room for what a call comes back with.
fn take(room: &mut usize, size: usize) -> Result<(), Error> {
    let left = room.checked_sub(size);
    *room = left.ok_or_else(|| {
        Error::new(
            ErrorKind::TooLarge,
            format!("what a call of SQL comes back with has {RESULT_LIMIT} bytes at most: ask for fewer rows"),
        )
    })?;
    Ok(())
}

/// What the server says of a statement, or why it says nothing.
fn failed(error: &tokio_postgres::Error) -> Error {
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
fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        message = format!("{message}: {next}");
        cause = next.source();
    }
    message
}
