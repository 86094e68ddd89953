//! Log records as JSON through `console`, which Workers Logs takes apart by itself. It must not know
//! what is logged.

use guru_core::ports::{self, Level, Record};
use js_sys::Date;
use serde::ser::{Serialize, SerializeMap, Serializer};
use wasm_bindgen::JsValue;
use web_sys::console;

/// The console.
pub(crate) struct Log;

impl ports::Log for Log {
    fn log(&self, record: &Record<'_>) {
        // Only what cannot be written as JSON is lost, and there is nothing of that kind.
        let line = serde_json::to_string(&Line(record)).unwrap_or_default();
        let line = JsValue::from_str(&line);
        match record.level {
            Level::Debug => console::debug_1(&line),
            Level::Info => console::info_1(&line),
            Level::Warn => console::warn_1(&line),
            Level::Error => console::error_1(&line),
        }
    }
}

struct Line<'a>(&'a Record<'a>);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.0;
        let now = String::from(Date::new_0().to_iso_string());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &now)?;
        map.serialize_entry("level", record.level.as_str())?;
        map.serialize_entry("message", &format_args!("{}", record.message))?;
        if let Some(id) = record.request_id {
            map.serialize_entry("request_id", id)?;
        }
        for (name, value) in record.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
