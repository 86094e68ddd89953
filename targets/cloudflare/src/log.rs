//! Log records as JSON through `console`, which Workers Logs takes apart by itself. It must not know
//! what is logged.

use guru_core::ports::{self, Line, Record};

use crate::host;

/// The console.
pub(crate) struct Log;

impl ports::Log for Log {
    fn log(&self, record: &Record<'_>) {
        let line = Line { time: None, record };
        host::log(record.level.as_str(), &line.to_json());
    }
}
