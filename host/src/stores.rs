//! What the interfaces of `guru:ports` lead to: the services that whoever hosts a function has for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use guru_core::ports::{self, Condition, ErrorKind, ListQuery, Version, check_key, check_value};
use guru_services::Store;
use wasmtime::Result;
use wasmtime::component::{Accessor, HasData, Linker};

use crate::state::State;
use bindings::guru::ports::{atomic, key_value, types};
use types::Error;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/wit",
        world: "guru:ports/imports",
        imports: { default: store },
    });
}

/// Opens a store by the name that the function has for it.
type Open = dyn Fn(&str) -> Arc<dyn Store> + Send + Sync;

/// Where the stores of a function come from. By default there are none. Cheap to clone.
#[derive(Clone, Default)]
pub struct Stores(Option<Arc<Open>>);

impl Stores {
    /// Those that `open` opens, by the names that the function has for them. It is called for each use of one.
    #[must_use]
    pub fn new(open: impl Fn(&str) -> Arc<dyn Store> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(open)))
    }

    fn open(&self, name: &str) -> Result<Arc<dyn Store>, Error> {
        let open = self.0.as_ref().ok_or_else(|| Error {
            kind: types::ErrorKind::Unavailable,
            message: format!("this host has no store `{name}`"),
        })?;
        Ok(open(name))
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    types::add_to_linker::<_, Ports>(linker, State::stores)?;
    key_value::add_to_linker::<_, Ports>(linker, State::stores)?;
    atomic::add_to_linker::<_, Ports>(linker, State::stores)
}

/// The ports as wasmtime reaches them in the state of an instance.
struct Ports;

impl HasData for Ports {
    type Data<'a> = &'a Stores;
}

/// The store of a call, once its key is known to be one.
fn store<T>(accessor: &Accessor<T, Ports>, name: &str, key: &str) -> Result<Arc<dyn Store>, Error> {
    check_key(key).map_err(failed)?;
    accessor.with(|mut access| access.get().open(name))
}

fn failed(error: ports::Error) -> Error {
    use types::ErrorKind as Kind;
    let kind = match error.kind() {
        ErrorKind::Unavailable => Kind::Unavailable,
        ErrorKind::Denied => Kind::Denied,
        ErrorKind::Invalid => Kind::Invalid,
        ErrorKind::InvalidKey => Kind::InvalidKey,
        ErrorKind::TooLarge => Kind::TooLarge,
        ErrorKind::Conflict => Kind::Conflict,
        ErrorKind::Corrupt => Kind::Corrupt,
        ErrorKind::Timeout => Kind::Timeout,
        ErrorKind::Broken => Kind::Broken,
        _ => Kind::Other,
    };
    let message = error.to_string();
    Error { kind, message }
}

async fn list<T>(
    accessor: &Accessor<T, Ports>,
    name: &str,
    query: ListQuery,
) -> Result<key_value::Page, Error> {
    query.check().map_err(failed)?;
    let store = accessor.with(|mut access| access.get().open(name))?;
    let page = store.list(query).await.map_err(failed)?;
    Ok(key_value::Page {
        keys: page.keys,
        cursor: page.cursor,
    })
}

fn query(prefix: String, limit: u32, cursor: Option<String>) -> ListQuery {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    ListQuery::new(prefix).with_limit(limit).with_cursor(cursor)
}

/// Writes what has been checked.
async fn write<T>(
    accessor: &Accessor<T, Ports>,
    name: &str,
    key: &str,
    value: Vec<u8>,
    ttl: Option<u64>,
    condition: Condition,
) -> Result<String, Error> {
    let ttl = ttl.map(Duration::from_secs);
    check_value(&value, ttl).map_err(failed)?;
    let store = store(accessor, name, key)?;
    let written = store.write(key, value.into(), ttl, condition).await;
    written.map(|version| version.to_string()).map_err(failed)
}

impl types::Host for &Stores {}

impl key_value::Host for &Stores {}

impl<T: Send> key_value::HostWithStore<T> for Ports {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<Option<Vec<u8>>, Error> {
        let read = store(accessor, &name, &key)?.read(&key).await;
        let read = read.map_err(failed)?;
        Ok(read.map(|(value, _)| value.into()))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<bool, Error> {
        let store = store(accessor, &name, &key)?;
        store.exists(&key).await.map_err(failed)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        value: Vec<u8>,
        ttl: Option<u64>,
    ) -> Result<(), Error> {
        let written = write(accessor, &name, &key, value, ttl, Condition::None);
        written.await.map(drop)
    }

    async fn delete(accessor: &Accessor<T, Self>, name: String, key: String) -> Result<(), Error> {
        let store = store(accessor, &name, &key)?;
        store.delete(&key).await.map_err(failed)
    }

    async fn list_keys(
        accessor: &Accessor<T, Self>,
        name: String,
        prefix: String,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<key_value::Page, Error> {
        list(accessor, &name, query(prefix, limit, cursor)).await
    }
}

impl atomic::Host for &Stores {}

impl<T: Send> atomic::HostWithStore<T> for Ports {
    async fn read(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<Option<atomic::Versioned>, Error> {
        let read = store(accessor, &name, &key)?.read(&key).await;
        let read = read.map_err(failed)?;
        Ok(read.map(|(value, version)| atomic::Versioned {
            value: value.into(),
            version: version.to_string(),
        }))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<bool, Error> {
        let store = store(accessor, &name, &key)?;
        store.exists(&key).await.map_err(failed)
    }

    async fn write(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        value: Vec<u8>,
        ttl: Option<u64>,
        condition: atomic::Condition,
    ) -> Result<String, Error> {
        let condition = match condition {
            atomic::Condition::None => Condition::None,
            atomic::Condition::Absent => Condition::Absent,
            atomic::Condition::Version(version) => Condition::Version(Version::new(version)),
        };
        write(accessor, &name, &key, value, ttl, condition).await
    }

    async fn add(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        by: i64,
    ) -> Result<i64, Error> {
        let store = store(accessor, &name, &key)?;
        store.add(&key, by).await.map_err(failed)
    }

    async fn delete(accessor: &Accessor<T, Self>, name: String, key: String) -> Result<(), Error> {
        let store = store(accessor, &name, &key)?;
        store.delete(&key).await.map_err(failed)
    }

    async fn list_keys(
        accessor: &Accessor<T, Self>,
        name: String,
        prefix: String,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<key_value::Page, Error> {
        list(accessor, &name, query(prefix, limit, cursor)).await
    }
}
