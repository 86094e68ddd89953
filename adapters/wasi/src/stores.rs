//! Key-value stores, by the interfaces of `guru:ports`. A function that has none does not import them.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use guru_core::ports::{self, Called, Condition, Error, ListQuery, Page, Version};
use guru_wit::atomic as versions;
use guru_wit::key_value as values;

use crate::failure::failure;

/// The key-value store of this name.
#[must_use]
pub fn key_value(name: &'static str) -> Rc<dyn ports::KeyValue> {
    Rc::new(Plain(name))
}

/// The atomic key-value store of this name.
#[must_use]
pub fn atomic(name: &'static str) -> Rc<dyn ports::Atomic> {
    Rc::new(Atomic(name))
}

struct Plain(&'static str);

struct Atomic(&'static str);

/// A call, whose arguments are its own, and what its result is here.
fn call<T: 'static, E: Failure + 'static, U: 'static>(
    made: impl Future<Output = Result<T, E>> + 'static,
    read: fn(T) -> U,
) -> Called<U> {
    Box::pin(async move { made.await.map(read).map_err(Failure::error) })
}

/// An error of an interface.
trait Failure {
    fn error(self) -> Error;
}

impl Failure for values::Error {
    fn error(self) -> Error {
        failure!(self, values[InvalidKey])
    }
}

impl Failure for versions::Error {
    fn error(self) -> Error {
        failure!(self, versions[InvalidKey])
    }
}

fn seconds(ttl: Option<Duration>) -> Option<u64> {
    ttl.map(|ttl| ttl.as_secs())
}

/// A page has a thousand keys at most.
fn limit(query: &ListQuery) -> u32 {
    u32::try_from(query.limit).unwrap_or(u32::MAX)
}

impl ports::KeyValue for Plain {
    fn get(&self, key: &str) -> Called<Option<Bytes>> {
        let got = values::get(self.0.to_owned(), key.to_owned());
        call(got, |value| value.map(Bytes::from))
    }

    fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Called<()> {
        let (store, key) = (self.0.to_owned(), key.to_owned());
        call(values::set(store, key, value.into(), seconds(ttl)), drop)
    }

    fn delete(&self, key: &str) -> Called<()> {
        call(values::delete(self.0.to_owned(), key.to_owned()), drop)
    }

    fn list(&self, query: ListQuery) -> Called<Page> {
        let (store, limit) = (self.0.to_owned(), limit(&query));
        let listed = values::list_keys(store, query.prefix, limit, query.cursor);
        call(listed, |values::Page { keys, cursor }| Page {
            keys,
            cursor,
        })
    }

    fn exists(&self, key: &str) -> Called<bool> {
        let found = values::exists(self.0.to_owned(), key.to_owned());
        call(found, |is_there| is_there)
    }
}

impl ports::KeyValue for Atomic {
    fn get(&self, key: &str) -> Called<Option<Bytes>> {
        let read = versions::read(self.0.to_owned(), key.to_owned());
        call(read, |read| read.map(|read| read.value.into()))
    }

    fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Called<()> {
        let (store, key) = (self.0.to_owned(), key.to_owned());
        let condition = versions::Condition::None;
        let written = versions::write(store, key, value.into(), seconds(ttl), condition);
        call(written, drop)
    }

    fn delete(&self, key: &str) -> Called<()> {
        call(versions::delete(self.0.to_owned(), key.to_owned()), drop)
    }

    fn list(&self, query: ListQuery) -> Called<Page> {
        let (store, limit) = (self.0.to_owned(), limit(&query));
        let listed = versions::list_keys(store, query.prefix, limit, query.cursor);
        call(listed, |versions::Page { keys, cursor }| Page {
            keys,
            cursor,
        })
    }

    fn exists(&self, key: &str) -> Called<bool> {
        let found = versions::exists(self.0.to_owned(), key.to_owned());
        call(found, |is_there| is_there)
    }
}

impl ports::Atomic for Atomic {
    fn read(&self, key: &str) -> Called<Option<(Bytes, Version)>> {
        let read = versions::read(self.0.to_owned(), key.to_owned());
        call(read, |read| {
            read.map(|read| (read.value.into(), Version::new(read.version)))
        })
    }

    fn write(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Called<Version> {
        let (store, key) = (self.0.to_owned(), key.to_owned());
        let condition = match condition {
            Condition::Absent => versions::Condition::Absent,
            Condition::Version(version) => versions::Condition::Version(version.to_string()),
            _ => versions::Condition::None,
        };
        let written = versions::write(store, key, value.into(), seconds(ttl), condition);
        call(written, Version::new)
    }

    fn add(&self, key: &str, by: i64) -> Called<i64> {
        call(
            versions::add(self.0.to_owned(), key.to_owned(), by),
            |sum| sum,
        )
    }
}
