//! A log that a test reads. It must not print.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::ports::{self, Level, Record};

/// A record as it was logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub message: String,
    /// What was involved, as text.
    pub fields: Vec<(String, String)>,
    /// The request during which it happened.
    pub request_id: Option<String>,
}

/// A log that keeps its records. Clones are the same log.
#[derive(Clone, Debug, Default)]
pub struct Log(Rc<RefCell<Vec<Entry>>>);

impl Log {
    /// Takes out what was logged since the last call.
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
