//! The ports of stores and databases: services that the environment names, or files of SQLite below the current folder.

use std::env;
#[cfg(any(
    feature = "blob",
    feature = "key-value",
    feature = "postgres",
    feature = "sql"
))]
use std::rc::Rc;
use std::sync::LazyLock;

use guru_core::ports;
#[cfg(any(feature = "postgres", feature = "sql"))]
use guru_services::Dialect;
#[cfg(feature = "key-value")]
use guru_services::Local;
#[cfg(feature = "blob")]
use guru_services::LocalBlob;
#[cfg(any(feature = "postgres", feature = "sql"))]
use guru_services::LocalSql;
use guru_services::{Services, SettingError};

/// The services of this process, once its settings were read.
static SERVICES: LazyLock<Result<Services, SettingError>> =
    LazyLock::new(|| Services::at_home(env::vars_os()));

/// The key-value store of this name.
#[cfg(feature = "key-value")]
#[doc(hidden)]
#[must_use]
pub fn key_value(name: &'static str) -> Rc<dyn ports::KeyValue> {
    Rc::new(open(name))
}

/// The atomic key-value store of this name.
#[cfg(feature = "key-value")]
#[doc(hidden)]
#[must_use]
pub fn atomic(name: &'static str) -> Rc<dyn ports::Atomic> {
    Rc::new(open(name))
}

/// The database of this name, in the dialect of SQLite.
#[cfg(feature = "sql")]
#[doc(hidden)]
#[must_use]
pub fn sqlite(name: &'static str) -> Rc<dyn ports::Sql> {
    Rc::new(match &*SERVICES {
        Ok(services) => LocalSql::new(services.connect(name)),
        Err(error) => LocalSql::missing(unavailable(error)),
    })
}

/// The database of this name, in the dialect of PostgreSQL.
#[cfg(feature = "postgres")]
#[doc(hidden)]
#[must_use]
pub fn postgres(name: &'static str) -> Rc<dyn ports::Sql> {
    Rc::new(match &*SERVICES {
        Ok(services) => LocalSql::new(services.postgres(name)),
        Err(error) => LocalSql::missing(unavailable(error)),
    })
}

/// A database of SQLite in memory, to which the migrations in a folder were applied, for tests.
///
/// # Panics
///
/// When they cannot be.
#[cfg(feature = "sql")]
#[doc(hidden)]
#[must_use]
#[expect(clippy::panic, reason = "for tests, where a panic is the report")]
pub fn testing_migrated(folder: &std::path::Path) -> guru_services::SqliteInMemory {
    let database = guru_services::SqliteInMemory::new();
    let applied = match guru_services::migrations(folder) {
        Ok(all) if all.is_empty() => Err(format!("{} has none", folder.display())),
        Ok(all) => database.migrate(&all).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = applied {
        panic!("migrations: {error}");
    }
    database
}

/// The database at this address, for tests.
///
/// # Panics
///
/// When it is none.
#[cfg(feature = "postgres")]
#[doc(hidden)]
#[must_use]
#[expect(clippy::panic, reason = "for tests, where a panic is the report")]
pub fn testing_postgres(url: &str) -> impl ports::Sql + 'static {
    let Some(address) = guru_services::Address::read(url) else {
        panic!("the URL of a database is postgres://USER:PASSWORD@HOST:PORT/DATABASE");
    };
    guru_services::BlockingPostgres::open(&address)
}

/// The function of this name.
#[cfg(feature = "invoke")]
pub(crate) fn function(name: &str) -> guru_services::Function {
    match &*SERVICES {
        Ok(services) => services.function(name),
        Err(error) => guru_services::Function::missing(unavailable(error)),
    }
}

/// The blobs of this name.
#[cfg(feature = "blob")]
#[doc(hidden)]
#[must_use]
pub fn blob(name: &'static str) -> Rc<dyn ports::Blob> {
    Rc::new(match &*SERVICES {
        Ok(services) => LocalBlob::new(services.blobs(name)),
        Err(error) => LocalBlob::missing(unavailable(error)),
    })
}

#[cfg(feature = "key-value")]
fn open(name: &str) -> Local {
    match &*SERVICES {
        Ok(services) => Local::new(services.open(name)),
        Err(error) => Local::missing(unavailable(error)),
    }
}

fn unavailable(error: &SettingError) -> ports::Error {
    ports::Error::new(ports::ErrorKind::Unavailable, error.to_string())
}

/// Whether the settings of ports in the environment can be followed.
pub(crate) fn check() -> Result<(), SettingError> {
    SERVICES.as_ref().map(drop).map_err(Clone::clone)
}

/// The dialect of the databases of this build, if they are of one.
#[cfg(any(feature = "postgres", feature = "sql"))]
const DIALECT: Option<Dialect> = match (cfg!(feature = "sql"), cfg!(feature = "postgres")) {
    (true, false) => Some(Dialect::Sqlite),
    (false, true) => Some(Dialect::Postgres),
    _ => None,
};

/// Applies the migrations of these databases, and prints which.
#[cfg(any(feature = "postgres", feature = "sql"))]
pub(crate) fn migrate(databases: &[String]) -> Result<(), String> {
    let services = SERVICES.as_ref().map_err(ToString::to_string)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    for database in databases {
        let applied = runtime.block_on(services.migrate(database, DIALECT));
        let applied = applied.map_err(|error| format!("{database}: {error}"))?;
        for name in applied {
            println!("{database}: {name} applied");
        }
    }
    Ok(())
}
