//! Log records as JSON through `console`, which Workers Logs takes apart by itself. It must not know
//! what is logged.

use guru_core::ports::{self, Level, Line, Record};
use js_sys::Date;
use wasm_bindgen::JsValue;
use web_sys::console;

/// The console.
pub(crate) struct Log;

impl ports::Log for Log {
    fn log(&self, record: &Record<'_>) {
        // Only what cannot be written as JSON is lost, and there is nothing of that kind.
        let time = String::from(Date::new_0().to_iso_string());
        let line = serde_json::to_string(&Line {
            time: &time,
            record,
        })
        .unwrap_or_default();
        let line = JsValue::from_str(&line);
        match record.level {
            Level::Debug => console::debug_1(&line),
            Level::Info => console::info_1(&line),
            Level::Warn => console::warn_1(&line),
            Level::Error => console::error_1(&line),
        }
    }
}
