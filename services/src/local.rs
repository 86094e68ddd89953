//! The ports that a handler uses, of a service.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guru_core::ports::{self, Atomic, Called, Condition, KeyValue, ListQuery, Page, Rows, Sql};
use guru_core::ports::{Statement, Version};

use crate::{SqlDatabase, Store};

/// A store as the port of a handler on this thread.
#[derive(Clone)]
pub struct Local(Arc<dyn Store>);

impl Local {
    /// The port of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// The port of a store that there is not: each call fails with this.
    #[must_use]
    pub fn missing(error: ports::Error) -> Self {
        Self(Arc::new(Missing(error)))
    }
}

impl KeyValue for Local {
    fn get(&self, key: &str) -> Called<Option<Bytes>> {
        let read = self.0.read(key);
        Box::pin(async move { Ok(read.await?.map(|(value, _)| value)) })
    }

    fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Called<()> {
        let written = self.0.write(key, value, ttl, Condition::None);
        Box::pin(async move { written.await.map(drop) })
    }

    fn delete(&self, key: &str) -> Called<()> {
        self.0.delete(key)
    }

    fn list(&self, query: ListQuery) -> Called<Page> {
        self.0.list(query)
    }

    fn exists(&self, key: &str) -> Called<bool> {
        self.0.exists(key)
    }
}

impl Atomic for Local {
    fn read(&self, key: &str) -> Called<Option<(Bytes, Version)>> {
        self.0.read(key)
    }

    fn write(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Called<Version> {
        self.0.write(key, value, ttl, condition)
    }

    fn add(&self, key: &str, by: i64) -> Called<i64> {
        self.0.add(key, by)
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Local").finish_non_exhaustive()
    }
}

/// A database as the port of a handler on this thread.
#[derive(Clone)]
pub struct LocalSql(Arc<dyn SqlDatabase>);

impl LocalSql {
    /// The port of a database.
    #[must_use]
    pub fn new(database: Arc<dyn SqlDatabase>) -> Self {
        Self(database)
    }

    /// The port of a database that there is not: each call fails with this.
    #[must_use]
    pub fn missing(error: ports::Error) -> Self {
        Self(Arc::new(Missing(error)))
    }
}

impl Sql for LocalSql {
    fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>> {
        self.0.batch(statements)
    }
}

impl std::fmt::Debug for LocalSql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LocalSql").finish_non_exhaustive()
    }
}

/// The port of a store or a database that there is not: each call fails with the reason.
#[derive(Clone, Debug)]
pub(crate) struct Missing(pub(crate) ports::Error);

impl Missing {
    pub(crate) fn fail<T: 'static + Send>(&self) -> crate::Called<T> {
        let error = self.0.clone();
        Box::pin(async move { Err(error) })
    }
}

impl Store for Missing {
    fn read(&self, _: &str) -> crate::Called<Option<(Bytes, Version)>> {
        self.fail()
    }

    fn exists(&self, _: &str) -> crate::Called<bool> {
        self.fail()
    }

    fn write(
        &self,
        _: &str,
        _: Bytes,
        _: Option<Duration>,
        _: Condition,
    ) -> crate::Called<Version> {
        self.fail()
    }

    fn add(&self, _: &str, _: i64) -> crate::Called<i64> {
        self.fail()
    }

    fn delete(&self, _: &str) -> crate::Called<()> {
        self.fail()
    }

    fn list(&self, _: ListQuery) -> crate::Called<Page> {
        self.fail()
    }
}

impl SqlDatabase for Missing {
    fn batch(&self, _: Vec<Statement>) -> crate::Called<Vec<Rows>> {
        self.fail()
    }

    fn migrate(&self, _: &str, _: Vec<crate::Migration>) -> crate::Called<Vec<String>> {
        self.fail()
    }
}
