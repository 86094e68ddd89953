//! Key-value stores, atomic or not, by the interfaces of `guru:ports`.

use std::time::Duration;

use guru_core::ports::{self, Condition, ListQuery, Version, check_key, check_value};
use guru_services::Store;
use wasmtime::Result;
use wasmtime::component::{Accessor, Linker};

use super::bindings::guru::ports::{atomic, key_value};
use super::{Opened, Ports, Stores, query};
use crate::state::State;

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    key_value::add_to_linker::<_, Ports>(linker, State::stores)?;
    atomic::add_to_linker::<_, Ports>(linker, State::stores)
}

/// The store of a call, once its key is known to be one.
fn store<T>(
    accessor: &Accessor<T, Ports>,
    name: &str,
    key: &str,
) -> Result<Opened<dyn Store>, ports::Error> {
    check_key(key)?;
    accessor.with(|mut access| access.get().open(name))
}

async fn list<T>(
    accessor: &Accessor<T, Ports>,
    name: &str,
    query: ListQuery,
) -> Result<ports::Page, ports::Error> {
    query.check()?;
    let store = accessor.with(|mut access| access.get().open(name))?;
    store.list(query).await
}

/// Writes what has been checked.
async fn write<T>(
    accessor: &Accessor<T, Ports>,
    name: &str,
    key: &str,
    value: Vec<u8>,
    ttl: Option<u64>,
    condition: Condition,
) -> Result<String, ports::Error> {
    let ttl = ttl.map(Duration::from_secs);
    check_value(&value, ttl)?;
    let store = store(accessor, name, key)?;
    let written = store.write(key, value.into(), ttl, condition).await?;
    Ok(written.to_string())
}

impl key_value::Host for &mut Stores {}

impl<T: Send> key_value::HostWithStore<T> for Ports {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<Option<Vec<u8>>, key_value::Error> {
        let read = store(accessor, &name, &key)?.read(&key).await?;
        Ok(read.map(|(value, _)| value.into()))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<bool, key_value::Error> {
        let store = store(accessor, &name, &key)?;
        Ok(store.exists(&key).await?)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        value: Vec<u8>,
        ttl: Option<u64>,
    ) -> Result<(), key_value::Error> {
        let written = write(accessor, &name, &key, value, ttl, Condition::None);
        written.await?;
        Ok(())
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<(), key_value::Error> {
        let store = store(accessor, &name, &key)?;
        Ok(store.delete(&key).await?)
    }

    async fn list_keys(
        accessor: &Accessor<T, Self>,
        name: String,
        prefix: String,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<key_value::Page, key_value::Error> {
        let page = list(accessor, &name, query(prefix, limit, cursor)).await?;
        let ports::Page { keys, cursor } = page;
        Ok(key_value::Page { keys, cursor })
    }
}

impl atomic::Host for &mut Stores {}

impl<T: Send> atomic::HostWithStore<T> for Ports {
    async fn read(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<Option<atomic::Versioned>, atomic::Error> {
        let read = store(accessor, &name, &key)?.read(&key).await?;
        Ok(read.map(|(value, version)| atomic::Versioned {
            value: value.into(),
            version: version.to_string(),
        }))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<bool, atomic::Error> {
        let store = store(accessor, &name, &key)?;
        Ok(store.exists(&key).await?)
    }

    async fn write(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        value: Vec<u8>,
        ttl: Option<u64>,
        condition: atomic::Condition,
    ) -> Result<String, atomic::Error> {
        let condition = match condition {
            atomic::Condition::None => Condition::None,
            atomic::Condition::Absent => Condition::Absent,
            atomic::Condition::Version(version) => Condition::Version(Version::new(version)),
        };
        Ok(write(accessor, &name, &key, value, ttl, condition).await?)
    }

    async fn add(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        by: i64,
    ) -> Result<i64, atomic::Error> {
        let store = store(accessor, &name, &key)?;
        Ok(store.add(&key, by).await?)
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<(), atomic::Error> {
        let store = store(accessor, &name, &key)?;
        Ok(store.delete(&key).await?)
    }

    async fn list_keys(
        accessor: &Accessor<T, Self>,
        name: String,
        prefix: String,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<atomic::Page, atomic::Error> {
        let page = list(accessor, &name, query(prefix, limit, cursor)).await?;
        let ports::Page { keys, cursor } = page;
        Ok(atomic::Page { keys, cursor })
    }
}
