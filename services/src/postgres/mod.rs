//! Databases of a PostgreSQL server.

mod address;
mod migrate;
mod run;
mod value;

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
};
use guru_core::adapter::sql::{TIME, late};
use guru_core::ports::{Called as Local, Error, ErrorKind, Rows, Sql, Statement, postgres_word};
use rustls::ClientConfig;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{OnceCell, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

pub use address::Address;
use address::unavailable;
use run::{Failure, chain, failed, run};

use crate::{Called, Migration, SqlDatabase};

/// After this time, a connection is asked whether it is still there; and how long it has to answer.
const IDLE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);

/// What statements have in them that leave something in a session. (What else does, by functions of its author's, is known to its
/// author.)
const TRACES: [&str; 4] = ["temp", "set_config", "pg_settings", "advisory"];

/// Ends all that a session has, but for its prepared statements
/// (<https://www.postgresql.org/docs/current/sql-discard.html>).
const CLEAN: &str = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
                     SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

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
    /// Held by the one who applies migrations.
    migrating: tokio::sync::Mutex<()>,
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
                migrating: tokio::sync::Mutex::default(),
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
            let deadline = Instant::now() + TIME;
            let called = async {
                let object = shared.object(deadline).await?;
                shared.batch(object, &statements, deadline).await
            };
            let _ = done.send(called.await);
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
            let (mut done, called) = oneshot::channel();
            connections()?.spawn(async move {
                let deadline = Instant::now() + TIME;
                let mut object = pin!(shared.object(deadline));
                // Nobody waits for a connection that the call is not wanted on any more. One that has begun goes on to its end.
                let object = poll_fn(|cx| match done.poll_closed(cx) {
                    Poll::Ready(()) => Poll::Ready(None),
                    Poll::Pending => object.as_mut().poll(cx).map(Some),
                });
                let all = match object.await {
                    Some(Ok(object)) => shared.batch(object, &statements, deadline).await,
                    Some(Err(error)) => Err(error),
                    None => return,
                };
                let _ = done.send(all);
            });
            called.await.unwrap_or_else(|_| Err(broken()))
        })
    }

    /// It goes on to its end also where nobody waits for it any more.
    fn migrate(&self, name: &str, migrations: Vec<Migration>) -> Called<Vec<String>> {
        let (shared, name) = (Arc::clone(&self.0), name.to_owned());
        Box::pin(async move {
            let (done, called) = oneshot::channel();
            connections()?.spawn(async move {
                // Callers that have gone must not hold a connection each meanwhile.
                let _alone = shared.migrating.lock().await;
                let applied = match shared.object(Instant::now() + TIME).await {
                    Ok(mut object) => {
                        let applied = migrate::migrate(&mut object, &name, &migrations).await;
                        if !matches!(&applied, Ok(done) if done.is_empty()) {
                            // What they have set is nobody else's.
                            drop(Object::take(object));
                        }
                        applied
                    }
                    Err(error) => Err(error),
                };
                let _ = done.send(applied);
            });
            called.await.unwrap_or_else(|_| Err(broken()))
        })
    }
}

impl Shared {
    /// A connection for a call, once one is free.
    async fn object(&self, deadline: Instant) -> Result<Object, Error> {
        let server = self.server.get_or_try_init(|| self.connect()).await?;
        let Ok(object) = timeout_at(deadline, server.pool.get()).await else {
            return Err(unavailable(format!(
                "no connection of {} was free within {TIME:?}",
                self.address.pool
            )));
        };
        object.map_err(|error| refused(&error))
    }

    async fn batch(
        &self,
        mut object: Object,
        statements: &[Statement],
        deadline: Instant,
    ) -> Result<Vec<Rows>, Error> {
        let failure = match timeout_at(deadline, run(&mut object, statements)).await {
            Ok(Ok(rows)) => {
                clean(object, statements);
                return Ok(rows);
            }
            Ok(Err(Failure::Unread(error))) => error,
            Ok(Err(failure)) => {
                clean(object, statements);
                return Err(failure.into_error());
            }
            Err(_) => late(),
        };
        // The server is not done with it, and nobody else is to wait for that.
        let cancel = object.cancel_token();
        drop(Object::take(object));
        let tls = self.server.get().and_then(|server| server.tls.clone());
        tokio::spawn(async move {
            let _ = match tls {
                Some(tls) => {
                    let cancelled = cancel.cancel_query(MakeRustlsConnect::new(tls));
                    timeout_at(Instant::now() + TIME, cancelled).await
                }
                None => timeout_at(Instant::now() + TIME, cancel.cancel_query(NoTls)).await,
            };
        });
        Err(failure)
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
        let pool = Pool::builder(manager)
            .max_size(self.address.pool)
            .pre_recycle(recycled())
            .build();
        let pool = pool.map_err(|error| unavailable(error.to_string()))?;
        Ok(Server { pool, tls })
    }
}

/// Asks a connection that was idle whether it is still there: it may be gone without a word, as behind a NAT, or while the process
/// was frozen. Where one has not answered, those that were idle with it are not asked.
fn recycled() -> Hook {
    let lost: Arc<Mutex<Option<std::time::Instant>>> = Arc::default();
    Hook::async_fn(move |client, metrics| {
        let (idle, last) = (
            metrics.last_used(),
            metrics.recycled.unwrap_or(metrics.created),
        );
        let lost = Arc::clone(&lost);
        Box::pin(async move {
            let is_lost = || lost.lock().unwrap_or_else(PoisonError::into_inner);
            if idle < IDLE {
                return Ok(());
            }
            if is_lost().is_some_and(|at| last < at) {
                return Err(HookError::message("others did not answer"));
            }
            let asked = timeout_at(Instant::now() + PATIENCE, client.simple_query(""));
            match asked.await {
                Ok(Ok(_)) => Ok(()),
                answered => {
                    if answered.is_err() {
                        *is_lost() = Some(std::time::Instant::now());
                    }
                    Err(HookError::message("it does not answer"))
                }
            }
        })
    })
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

/// Gives a connection back, and ends first what the call may have left in its session: another call has it next.
fn clean(object: Object, statements: &[Statement]) {
    let leaves = |statement: &Statement| {
        let text = statement.text.to_ascii_lowercase();
        let word = postgres_word(&text);
        let is_code = ["do", "call"].contains(&word);
        is_code || TRACES.iter().any(|trace| text.contains(trace))
    };
    if statements.iter().any(leaves) {
        tokio::spawn(async move {
            let cleaned = timeout_at(Instant::now() + PATIENCE, object.batch_execute(CLEAN)).await;
            if !matches!(cleaned, Ok(Ok(()))) {
                drop(Object::take(object));
            }
        });
    }
}
