//! Stores and databases whose calls can be waited for on any thread.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use guru_core::ports::{Condition, Error, ListQuery, Page, Rows, Statement, Version};

/// What a call will come back with, on whichever thread waits for it.
pub type Called<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A key-value store with the contracts of [`ports::KeyValue`](guru_core::ports::KeyValue) and
/// [`ports::Atomic`](guru_core::ports::Atomic).
pub trait Store: Send + Sync + 'static {
    /// The value of a key and its version, unless there is none.
    fn read(&self, key: &str) -> Called<Option<(Bytes, Version)>>;

    /// Whether there is a value of a key.
    fn exists(&self, key: &str) -> Called<bool>;

    /// Sets the value of a key where the condition holds; its new version.
    fn write(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Called<Version>;

    /// Adds to the number that a value is; the sum.
    fn add(&self, key: &str, by: i64) -> Called<i64>;

    /// Removes the value of a key, if there is one.
    fn delete(&self, key: &str) -> Called<()>;

    /// A page of the keys that there are.
    fn list(&self, query: ListQuery) -> Called<Page>;
}

/// A relational database with the contract of [`ports::Sql`](guru_core::ports::Sql).
pub trait SqlDatabase: Send + Sync + 'static {
    /// Runs statements as one transaction. The rows of each.
    fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>>;
}
