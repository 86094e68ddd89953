//! `serde_json` parses a log record's line of JSON to the content of the record.

use arbitrary::{Arbitrary, Unstructured};
use guru_core::ports::{Level, LogLine, Record, Value};
use serde_json::{Map, Value as Json, json};

#[derive(Arbitrary, Debug)]
struct Said<'a> {
    level: u8,
    message: &'a str,
    time: Option<&'a str>,
    request_id: Option<&'a str>,
    fields: Vec<(&'a str, One<'a>)>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum One<'a> {
    Text(&'a str),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Boolean(bool),
}

/// Compares a line with what `serde_json` parses from it.
pub fn check(data: &[u8]) {
    let Ok(said) = Said::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let levels = [Level::Debug, Level::Info, Level::Warn, Level::Error];
    let level = levels[usize::from(said.level) % levels.len()];
    let fields: Vec<(&str, Value<'_>)> = said
        .fields
        .iter()
        .map(|(name, value)| (*name, of(*value)))
        .collect();
    let mut record = Record::new(level, &said.message, &fields);
    if let Some(id) = said.request_id {
        record = record.of_request(id);
    }
    let line = LogLine {
        time: said.time,
        record: &record,
    }
    .to_json();
    assert!(!line.contains(['\n', '\r']), "more than one line: {line:?}");

    let mut wanted = Map::new();
    if let Some(time) = said.time {
        wanted.insert("timestamp".into(), time.into());
    }
    wanted.insert("level".into(), level.as_str().into());
    wanted.insert("message".into(), said.message.into());
    if let Some(id) = said.request_id {
        wanted.insert("request_id".into(), id.into());
    }
    for (name, value) in &said.fields {
        let is_reserved = ["timestamp", "level", "message", "request_id"].contains(name);
        let name = if is_reserved {
            format!("field.{name}")
        } else {
            (*name).to_owned()
        };
        wanted.insert(name, json_of(*value));
    }
    let read: Json = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let read = read.as_object().expect("an object");
    assert!(read.keys().eq(wanted.keys()), "{line}");
    for (name, value) in &wanted {
        assert!(is_same(&read[name], value), "{name} in {line}, not {value}");
    }
}

fn of(value: One<'_>) -> Value<'_> {
    match value {
        One::Text(text) => text.into(),
        One::Integer(number) => number.into(),
        One::Unsigned(number) => number.into(),
        One::Float(number) => number.into(),
        One::Boolean(truth) => truth.into(),
    }
}

fn json_of(value: One<'_>) -> Json {
    match value {
        One::Text(text) => text.into(),
        One::Integer(number) => number.into(),
        One::Unsigned(number) => number.into(),
        // JSON has no infinities: `json!` writes null, too.
        One::Float(number) => json!(number),
        One::Boolean(truth) => truth.into(),
    }
}

/// A float may be written as an integer of the same value.
fn is_same(read: &Json, wanted: &Json) -> bool {
    match (read.as_f64(), wanted.as_f64()) {
        (Some(read), Some(float)) if wanted.is_f64() => {
            read.to_bits() == float.to_bits() || read == float
        }
        _ => read == wanted,
    }
}
