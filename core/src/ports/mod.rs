//! Ports: everything that reaches a handler from outside its request. There is one trait per file.
//!
//! Ports must not depend on a vendor, or on each other. A target implements them; `memory` has the reference
//! implementations. A handler that reaches the world only through ports can be recorded on one cloud and replayed on
//! another.

mod blob;
mod clock;
mod config;
mod dialect;
mod error;
mod fetch;
mod fields;
pub mod hosts;
mod invoke;
mod key_value;
mod lexer;
mod line;
mod log;
mod postgres;
mod random;
mod secret;
mod sql;
mod statement;
mod stores;
mod timestamp;
mod value;

use alloc::rc::Rc;
use core::any::Any;
use core::cell::OnceCell;
use core::fmt;

pub use blob::{
    BLOB_LIMIT, Blob, BlobEntry, BlobInfo, BlobPage, BlobRange, CONTENT_TYPE_LIMIT, FoundBlob,
    check_condition, check_content_type, check_size,
};
pub use clock::Clock;
pub use config::Config;
pub use dialect::{Dialect, Postgres, Sqlite, check_batch};
pub use error::{Error, ErrorKind};
pub use fetch::{Fetch, FetchRequest, TIMEOUT};
#[doc(hidden)]
pub use fields::field;
pub use invoke::{Invoke, function_name};
pub use key_value::{
    Atomic, Called, Condition, KEY_LIMIT, KeyValue, LEAST_TTL, ListQuery, PAGE_LIMIT, Page,
    VALUE_LIMIT, Version, check_key, check_value, number,
};
pub use line::LogLine;
pub use log::{Level, Log, Logger, Record};
pub use postgres::{postgres_placeholders, postgres_word};
pub use random::Random;
pub use secret::{Secret, SecretValue, secret_variable};
pub use sql::{
    CELL_LIMIT, PARAMETER_LIMIT, Rows, STATEMENT_LIMIT, Sql, SqlValue, Statement, no_parameters,
};
pub use statement::{Outline, Placeholder, outline};
use stores::Stores;
pub use timestamp::Timestamp;
pub(crate) use value::causes;
pub use value::{Field, Float, ToValue, Value};

/// The ports that a target passes to a function.
#[derive(Clone)]
#[non_exhaustive]
pub struct Ports {
    /// Random bytes.
    pub random: Rc<dyn Random>,
    /// The clock.
    pub clock: Rc<dyn Clock>,
    /// The destination of log records.
    pub log: Rc<dyn Log>,
    /// Settings.
    pub config: Rc<dyn Config>,
    /// Outbound HTTP, once a function has used it.
    fetch: OnceCell<Rc<dyn Fetch>>,
    /// The [`Stores`] that a function has opened, once it has: without their type, of which others have no code.
    stores: OnceCell<Rc<dyn Any>>,
}

impl Ports {
    /// Creates a set of the ports that every function has. Others are made when a function first uses them, as by
    /// [`fetch_or`](Self::fetch_or): one that does not has none of their code.
    pub fn new(
        random: impl Random + 'static,
        clock: impl Clock + 'static,
        log: impl Log + 'static,
        config: impl Config + 'static,
    ) -> Self {
        Self {
            random: Rc::new(random),
            clock: Rc::new(clock),
            log: Rc::new(log),
            config: Rc::new(config),
            fetch: OnceCell::new(),
            stores: OnceCell::new(),
        }
    }

    /// Sets the port of outbound HTTP, as a test does.
    #[must_use]
    pub fn with_fetch(mut self, fetch: impl Fetch + 'static) -> Self {
        self.fetch = OnceCell::from(Rc::new(fetch) as Rc<dyn Fetch>);
        self
    }

    /// The port of outbound HTTP; where there is none yet, `make` makes it. Only a function that fetches calls this, with the
    /// port of the target that it is built for.
    pub fn fetch_or(&self, make: impl FnOnce() -> Rc<dyn Fetch>) -> &Rc<dyn Fetch> {
        self.fetch.get_or_init(make)
    }

    /// Sets where stores, databases, blobs, secrets and functions come from, by their names, as a test does.
    #[must_use]
    pub fn with_stores(
        mut self,
        open: impl Fn(&str) -> Rc<dyn Atomic> + 'static,
        connect: impl Fn(&str) -> Rc<dyn Sql> + 'static,
        blobs: impl Fn(&str) -> Rc<dyn Blob> + 'static,
        secrets: impl Fn(&str) -> Rc<dyn Secret> + 'static,
        functions: impl Fn(&str) -> Rc<dyn Invoke> + 'static,
    ) -> Self {
        let stores = Stores::by(open, connect, blobs, secrets, functions);
        self.stores = OnceCell::from(Rc::new(stores) as Rc<dyn Any>);
        self
    }

    /// The key-value store of this name; where it was not opened yet, `open` opens it. Only a function that declares one calls
    /// this, with what the target that it is built for has.
    pub fn key_value_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn KeyValue>,
    ) -> Rc<dyn KeyValue> {
        match self.stores() {
            Some(stores) => stores.key_value_or(name, open),
            None => open(name),
        }
    }

    /// The atomic key-value store of this name, as [`key_value_or`](Self::key_value_or).
    pub fn atomic_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Atomic>,
    ) -> Rc<dyn Atomic> {
        match self.stores() {
            Some(stores) => stores.atomic_or(name, open),
            None => open(name),
        }
    }

    /// The database of this name, as [`key_value_or`](Self::key_value_or).
    pub fn sql_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Sql>,
    ) -> Rc<dyn Sql> {
        match self.stores() {
            Some(stores) => stores.sql_or(name, open),
            None => open(name),
        }
    }

    /// The store of blobs of this name, as [`key_value_or`](Self::key_value_or).
    pub fn blob_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Blob>,
    ) -> Rc<dyn Blob> {
        match self.stores() {
            Some(stores) => stores.blob_or(name, open),
            None => open(name),
        }
    }

    /// The secret of this name, as [`key_value_or`](Self::key_value_or).
    pub fn secret_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Secret>,
    ) -> Rc<dyn Secret> {
        match self.stores() {
            Some(stores) => stores.secret_or(name, open),
            None => open(name),
        }
    }

    /// The function of this name, as [`key_value_or`](Self::key_value_or).
    pub fn invoke_or(
        &self,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn Invoke>,
    ) -> Rc<dyn Invoke> {
        match self.stores() {
            Some(stores) => stores.invoke_or(name, open),
            None => open(name),
        }
    }

    fn stores(&self) -> Option<&Stores> {
        let stores = self.stores.get_or_init(|| Rc::new(Stores::default()));
        stores.downcast_ref()
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}
