//! What the interfaces of `guru:ports` lead to: the services that whoever hosts a function has for it.

use std::fmt;
use std::sync::Arc;

use guru_core::ports::{self, ErrorKind, ListQuery, secret_variable};
use guru_services::{BlobStore, Function, SqlDatabase, Store};
use wasmtime::Result;
use wasmtime::component::{HasData, Linker};

use crate::state::State;
use bindings::guru::ports::{atomic, blob as contents, key_value, postgres, sqlite};

pub(crate) mod blob;
mod databases;
pub(crate) mod invoke;
mod key_values;
mod secret;

mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "guru:ports/imports",
        imports: { default: store },
        with: {
            "guru:ports/blob.download": super::blob::Download,
            "guru:ports/blob.upload": super::blob::Upload,
        },
    });
}

/// Opens a store by the name that the function has for it.
type Open = dyn Fn(&str) -> Arc<dyn Store> + Send + Sync;

/// The same for a database.
type Connect = dyn Fn(&str) -> Arc<dyn SqlDatabase> + Send + Sync;

/// The same for blobs.
type Keep = dyn Fn(&str) -> Arc<dyn BlobStore> + Send + Sync;

/// Finds another function.
type Find = dyn Fn(&str) -> Function + Send + Sync;

/// How many calls an instance may have made that are not done: what they are given is in the host's memory.
const CALLS: usize = 256;

/// Where the stores, databases and blobs of a function come from. By default there are none. Cheap to clone.
#[derive(Clone, Default)]
pub struct Stores {
    open: Option<Arc<Open>>,
    connect: Option<Arc<Connect>>,
    postgres: Option<Arc<Connect>>,
    /// The function's secrets, by the names of their ports in capitals.
    secrets: Arc<[(String, String)]>,
    keep: Option<Arc<Keep>>,
    find: Option<Arc<Find>>,
    /// The calls of one instance that are not done, once it has made one.
    calls: Option<Arc<()>>,
}

impl Stores {
    /// Those that `open` opens, by the names that the function has for them. It is called for each use of one.
    #[must_use]
    pub fn new(open: impl Fn(&str) -> Arc<dyn Store> + Send + Sync + 'static) -> Self {
        Self {
            open: Some(Arc::new(open)),
            ..Self::default()
        }
    }

    /// The same with the databases in the dialect of PostgreSQL that `connect` opens, by the names that the function has for them.
    #[must_use]
    pub fn with_postgres(
        mut self,
        connect: impl Fn(&str) -> Arc<dyn SqlDatabase> + Send + Sync + 'static,
    ) -> Self {
        self.postgres = Some(Arc::new(connect));
        self
    }

    /// The same with the databases in the dialect of SQLite that `connect` opens, by the names that the function has for them.
    #[must_use]
    pub fn with_databases(
        mut self,
        connect: impl Fn(&str) -> Arc<dyn SqlDatabase> + Send + Sync + 'static,
    ) -> Self {
        self.connect = Some(Arc::new(connect));
        self
    }

    /// The same with these secrets, by the names that the function has for them. It has no other ones.
    #[must_use]
    pub fn with_secrets(mut self, secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let secrets = secrets.into_iter();
        let secrets = secrets.map(|(name, value)| (secret_variable(&name), value));
        self.secrets = secrets.collect();
        self
    }

    /// The same with the blobs that `keep` opens, by the names that the function has for them.
    #[must_use]
    pub fn with_blobs(
        mut self,
        keep: impl Fn(&str) -> Arc<dyn BlobStore> + Send + Sync + 'static,
    ) -> Self {
        self.keep = Some(Arc::new(keep));
        self
    }

    /// The same with the other functions that `find` finds, by the names that the function has for them.
    #[must_use]
    pub fn with_functions(
        mut self,
        find: impl Fn(&str) -> Function + Send + Sync + 'static,
    ) -> Self {
        self.find = Some(Arc::new(find));
        self
    }

    fn function(&self, name: &str) -> Result<Function, ports::Error> {
        let find = self.find.as_ref();
        let find =
            find.ok_or_else(|| unavailable(format!("this host has no function `{name}`")))?;
        Ok(find(name))
    }

    /// The store of a call, which counts until it is dropped.
    fn open(&mut self, name: &str) -> Result<Opened<dyn Store>, ports::Error> {
        let open = self.open.clone();
        let open = open.ok_or_else(|| unavailable(format!("this host has no store `{name}`")))?;
        self.opened(|| open(name))
    }

    /// The database of a call, which counts until it is dropped.
    fn connect(&mut self, name: &str) -> Result<Opened<dyn SqlDatabase>, ports::Error> {
        let connect = self.connect.clone();
        let connect =
            connect.ok_or_else(|| unavailable(format!("this host has no database `{name}`")))?;
        self.opened(|| connect(name))
    }

    /// The database of a call in the dialect of PostgreSQL, which counts until it is dropped.
    fn connect_postgres(&mut self, name: &str) -> Result<Opened<dyn SqlDatabase>, ports::Error> {
        let connect = self.postgres.clone();
        let connect =
            connect.ok_or_else(|| unavailable(format!("this host has no database `{name}`")))?;
        self.opened(|| connect(name))
    }

    /// Whether a variable is one of the function's secrets, which it is asked for and is not in an environment.
    pub(crate) fn is_secret(&self, variable: &str) -> bool {
        self.secrets.iter().any(|(own, _)| own == variable)
    }

    fn secret(&self, name: &str) -> Option<String> {
        let name = secret_variable(name);
        let mut found = self.secrets.iter().filter(|(own, _)| *own == name);
        found.next().map(|(_, value)| value.clone())
    }

    /// The blobs of a call, which counts until they are dropped.
    fn blobs(&mut self, name: &str) -> Result<Opened<dyn BlobStore>, ports::Error> {
        let keep = self.keep.clone();
        let keep = keep.ok_or_else(|| unavailable(format!("this host has no blobs `{name}`")))?;
        self.opened(|| keep(name))
    }

    fn opened<P: ?Sized>(
        &mut self,
        open: impl FnOnce() -> Arc<P>,
    ) -> Result<Opened<P>, ports::Error> {
        let calls = self.calls.get_or_insert_default();
        if Arc::strong_count(calls) > CALLS {
            return Err(unavailable(format!(
                "more than {CALLS} calls of stores, databases and blobs at once"
            )));
        }
        Ok(Opened {
            service: open(),
            _call: Arc::clone(calls),
        })
    }
}

fn unavailable(message: String) -> ports::Error {
    ports::Error::new(ErrorKind::Unavailable, message)
}

/// What a call uses.
struct Opened<P: ?Sized> {
    service: Arc<P>,
    _call: Arc<()>,
}

impl<P: ?Sized> std::ops::Deref for Opened<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.service
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    key_values::add_to_linker(linker)?;
    databases::add_to_linker(linker)?;
    secret::add_to_linker(linker)?;
    invoke::add_to_linker(linker)?;
    blob::add_to_linker(linker)
}

/// The ports as wasmtime reaches them in the state of an instance.
struct Ports;

impl HasData for Ports {
    type Data<'a> = &'a mut Stores;
}

fn query(prefix: String, limit: u32, cursor: Option<String>) -> ListQuery {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    ListQuery::new(prefix).with_limit(limit).with_cursor(cursor)
}

/// Each interface has errors of its own, which are alike; in brackets is a kind that not all have.
macro_rules! errors {
    ($($of:ident [$($more:ident)?])*) => {$(
        impl From<ports::Error> for $of::Error {
            fn from(error: ports::Error) -> Self {
                use $of::ErrorKind as Kind;
                let kind = match error.kind() {
                    ErrorKind::Unavailable => Kind::Unavailable,
                    ErrorKind::Denied => Kind::Denied,
                    ErrorKind::Invalid => Kind::Invalid,
                    $(ErrorKind::$more => Kind::$more,)?
                    ErrorKind::TooLarge => Kind::TooLarge,
                    ErrorKind::Conflict => Kind::Conflict,
                    ErrorKind::Corrupt => Kind::Corrupt,
                    ErrorKind::Timeout => Kind::Timeout,
                    ErrorKind::Broken => Kind::Broken,
                    _ => Kind::Other,
                };
                let message = error.to_string();
                Self { kind, message }
            }
        }
    )*};
}

errors!(key_value [InvalidKey] atomic [InvalidKey] contents [InvalidKey] sqlite [] postgres []);
