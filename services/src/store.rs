//! Stores and databases whose calls can be waited for on any thread.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
#[cfg(feature = "blob")]
use guru_core::ports::{BlobInfo, BlobPage, BlobRange};
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

    /// Applies those of these that were not yet, in their order, each as a transaction; the names of these. What was applied is kept by
    /// the name that the function has for the database: several may be one.
    fn migrate(&self, name: &str, migrations: Vec<crate::Migration>) -> Called<Vec<String>>;
}

/// A store of blobs with the contract of [`ports::Blob`](guru_core::ports::Blob).
#[cfg(feature = "blob")]
pub trait BlobStore: Send + Sync + 'static {
    /// Stores content where the condition holds.
    fn put(
        &self,
        key: &str,
        content_type: &str,
        content: crate::Content,
        condition: Condition,
    ) -> Called<BlobInfo>;

    /// The content of a key, or a part of it, unless there is none.
    fn get(&self, key: &str, range: Option<BlobRange>) -> Called<Option<FoundContent>>;

    /// What is known of the content of a key, unless there is none.
    fn head(&self, key: &str) -> Called<Option<BlobInfo>>;

    /// Removes the content of a key, if there is some.
    fn delete(&self, key: &str) -> Called<()>;

    /// A page of the keys that there are.
    fn list(&self, query: ListQuery) -> Called<BlobPage>;
}

/// A blob, or a part of it.
#[cfg(feature = "blob")]
#[derive(Debug)]
pub struct FoundContent {
    /// What is known of all of it.
    pub info: BlobInfo,
    /// Where the content begins that is here.
    pub offset: u64,
    /// The content, of a known size.
    pub content: crate::Content,
}
