//! A log in memory.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::{Display, Write as _};

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
        // What formats itself may log, too.
        let entry = Entry {
            level: record.level,
            message: text(record.message),
            fields: fields
                .map(|(name, value)| ((*name).into(), text(value)))
                .collect(),
            request_id: record.request_id.map(Into::into),
        };
        self.0.borrow_mut().push(entry);
    }
}

/// As in a line, there is as much as a value has written before it failed.
fn text(value: &dyn Display) -> String {
    let mut text = String::new();
    let _ = write!(text, "{value}");
    text
}
