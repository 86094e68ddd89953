//! A log in memory.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::ports::{self, Level, Record};

/// A logged record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The severity.
    pub level: Level,
    /// The message.
    pub message: String,
    /// The fields, as text.
    pub fields: Vec<(String, String)>,
    /// The id of the request that was being handled.
    pub request_id: Option<String>,
}

/// A log that keeps its records. Clones share the same log.
#[derive(Clone, Debug, Default)]
pub struct Log(Rc<RefCell<Vec<Entry>>>);

impl Log {
    /// Takes the records logged since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Entry> {
        self.0.take()
    }
}

impl ports::Log for Log {
    fn log(&self, record: &Record<'_>) {
        let fields = record.fields.iter();
        self.0.borrow_mut().push(Entry {
            level: record.level,
            message: record.message.to_string(),
            fields: fields
                .map(|(name, value)| ((*name).into(), value.to_string()))
                .collect(),
            request_id: record.request_id.map(Into::into),
        });
    }
}
