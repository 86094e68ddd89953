//! The port that a handler uses, of a service.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guru_core::ports::{self, Atomic, Called, Condition, KeyValue, ListQuery, Page, Version};

use crate::Store;

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

/// The port of a store that there is not: each call fails with the reason.
#[derive(Clone, Debug)]
pub(crate) struct Missing(pub(crate) ports::Error);

impl Missing {
    fn fail<T: 'static + Send>(&self) -> crate::Called<T> {
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
