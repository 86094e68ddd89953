//! A file of SQLite, and the connections to it that this process has.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use guru_core::ports::{Error, ErrorKind};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How long a call waits for another one's write.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many calls are made at once, each by a connection and a thread of its own; more wait.
const CALLS: usize = 16;

/// Between two tries to open a file that another process makes.
const PAUSE: Duration = Duration::from_millis(20);

/// The files that are used here, each once for what it is used for.
type All = HashMap<(PathBuf, Use), Arc<Database>>;

static ALL: LazyLock<Mutex<All>> = LazyLock::new(Mutex::default);

/// What a file is used for, which decides how each connection to it is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Use {
    /// The table of key-value stores.
    Stores,
    /// A function's own tables.
    Tables,
}

/// A file of SQLite.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    of: Use,
    idle: Mutex<Vec<Connection>>,
    /// Calls at once: more would wait for each other in threads.
    room: Semaphore,
    /// One connection is made at a time: two that find a new file fail each other, however long they would wait.
    connecting: Mutex<()>,
}

impl Database {
    /// The file at this path, used for this.
    pub(super) fn at(path: &Path, of: Use) -> Arc<Self> {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let database = all.entry((path.to_owned(), of)).or_insert_with(|| {
            Arc::new(Self {
                path: path.to_owned(),
                of,
                idle: Mutex::default(),
                room: Semaphore::new(CALLS),
                connecting: Mutex::default(),
            })
        });
        Arc::clone(database)
    }

    /// Calls it on a thread that may block.
    pub(super) async fn call<T: Send + 'static>(
        self: Arc<Self>,
        call: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let database = Arc::clone(&self);
        // It is never closed.
        let _room = database.room.acquire().await;
        let done = spawn_blocking(move || {
            let connection = match self.idle().pop() {
                Some(connection) => connection,
                None => self.connect()?,
            };
            let done = call(&connection).map_err(|error| self.failed(&error))?;
            // One whose transaction could not be ended is closed, which ends it.
            if connection.is_autocommit() {
                self.idle().push(connection);
            }
            Ok(done)
        });
        done.await.unwrap_or_else(|_| {
            // The runtime is shutting down, or the call has panicked.
            Err(Error::new(ErrorKind::Broken, "the call was broken off"))
        })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> Result<Connection, Error> {
        if let Some(folder) = self.path.parent() {
            crate::folder::make(folder).map_err(|error| {
                let message = format!("cannot make the folder {}: {error}", folder.display());
                Error::new(ErrorKind::Unavailable, message)
            })?;
        }
        let _alone = self
            .connecting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.open() {
                // Another process makes the file, for which SQLite does not wait.
                Err(error) if is_busy(&error) && Instant::now() < deadline => {
                    std::thread::sleep(PAUSE);
                }
                opened => return opened.map_err(|error| self.failed(&error)),
            }
        }
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(PATIENCE)?;
        // Readers and a writer do not wait for each other (https://sqlite.org/wal.html), and what was acknowledged is on the disk.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        match self.of {
            Use::Stores => super::create(&connection)?,
            Use::Tables => super::sql::restrict(&connection)?,
        }
        Ok(connection)
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        Error::new(kind_of(error), format!("{}: {error}", self.path.display()))
    }
}

/// What kind of failure it is, whoever wrote the statement.
pub(super) fn kind_of(error: &rusqlite::Error) -> ErrorKind {
    use ErrorCode as Code;
    match error.sqlite_error_code() {
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => ErrorKind::Corrupt,
        Some(Code::PermissionDenied | Code::ReadOnly | Code::AuthorizationForStatementDenied) => {
            ErrorKind::Denied
        }
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => ErrorKind::Timeout,
        Some(Code::CannotOpen | Code::DiskFull | Code::OutOfMemory | Code::SystemIoFailure) => {
            ErrorKind::Unavailable
        }
        Some(Code::TooBig) => ErrorKind::TooLarge,
        None => match error {
            // A row that no statement of ours has written.
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::Utf8Error(..) => ErrorKind::Corrupt,
            _ => ErrorKind::Other,
        },
        _ => ErrorKind::Other,
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
