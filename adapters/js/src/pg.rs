//! Databases of PostgreSQL's servers, by Cloudflare's Hyperdrive (<https://developers.cloudflare.com/hyperdrive/>): a binding of the
//! database's name. Parameters and values cross as texts, as the server itself writes and reads them.

use std::rc::Rc;

use guru_core::adapter::postgres::{GIVEN, kind_of, not_given, types};
use guru_core::adapter::sql::{RESULT_LIMIT, TIME, late, too_large};
use guru_core::ports::{self, Called, Error, Rows, SqlValue, Statement};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::stores::{TIMEOUT, TOO_LARGE, corrupt, failure, reply};

/// What the server says, behind its code.
const SAID: u8 = 11;

/// A column is of a type that is not given: its name and that type, as JSON.
const NOT_GIVEN: u8 = 12;

/// The host's part, which is there only in a worker whose function has such a database: `pg.js`.
#[wasm_bindgen]
extern "C" {
    /// Runs statements as one transaction: a JSON array of the types that a column may have, the most bytes of what comes back, the
    /// milliseconds that there are, and an array of `[text, parameters]`, each of which is `[type, value]`, where `[from, to]` stands for those bytes of `content`. Replies with a JSON array of rows for each, of which the first has its columns, as
    /// `[name, type]`.
    #[wasm_bindgen(js_namespace = host, js_name = "postgres")]
    fn postgres_call(number: u32, database: &str, statements: &str, content: Option<&[u8]>);
}

/// The database of this name.
#[doc(hidden)]
#[must_use]
pub fn postgres(name: &'static str) -> Rc<dyn ports::Sql> {
    Rc::new(Database(name))
}

struct Database(&'static str);

impl ports::Sql for Database {
    fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>> {
        let name = self.0;
        Box::pin(async move {
            let (mut all, mut content) = (Vec::with_capacity(statements.len()), Vec::new());
            for statement in statements {
                let values = statement.parameters.into_iter();
                let values: Vec<_> = values.map(|value| json(value, &mut content)).collect();
                all.push(json!([statement.text, values]));
            }
            if all.is_empty() {
                return Ok(Vec::new());
            }
            let time = u64::try_from(TIME.as_millis()).unwrap_or(u64::MAX);
            let all = json!([GIVEN, RESULT_LIMIT, time, all]).to_string();
            let said = reply(|number| postgres_call(number, name, &all, Some(&content))).await;
            match said.what {
                SAID => {
                    let code = said.text.get(..5).unwrap_or_default();
                    let message = format!("`{name}`: {}", said.text);
                    return Err(Error::new(kind_of(code), message));
                }
                TOO_LARGE => return Err(too_large()),
                TIMEOUT => return Err(late()),
                _ => {}
            }
            if said.what == NOT_GIVEN {
                let (column, kind): (String, u32) =
                    serde_json::from_str(&said.text).map_err(|_| corrupt(name))?;
                return Err(not_given(&column, &format!("with the number {kind}")));
            }
            if let Some(error) = failure(name, &said) {
                return Err(error);
            }
            let read: Vec<Vec<Vec<Value>>> =
                serde_json::from_str(&said.text).map_err(|_| corrupt(name))?;
            read.into_iter().map(|rows| table(name, rows)).collect()
        })
    }
}

/// A parameter with its type, whose bytes are added to `content`.
fn json(value: SqlValue, content: &mut Vec<u8>) -> Value {
    match value {
        SqlValue::Integer(number) => json!([types::INT8, number.to_string()]),
        SqlValue::Real(number) => json!([types::FLOAT8, real(number)]),
        SqlValue::Text(text) => json!([types::TEXT, text]),
        SqlValue::Bool(is) => json!([types::BOOL, is]),
        SqlValue::Bytes(bytes) => {
            let from = content.len();
            content.extend_from_slice(&bytes);
            json!([types::BYTEA, [from, content.len()]])
        }
        _ => json!([0, null]),
    }
}

/// A number as the server reads it, which takes `inf` and `NaN`, too.
fn real(number: f64) -> String {
    format!("{number:e}")
}

fn table(name: &str, rows: Vec<Vec<Value>>) -> Result<Rows, Error> {
    let mut rows = rows.into_iter();
    let (mut columns, mut kinds) = (Vec::new(), Vec::new());
    for column in rows.next().unwrap_or_default() {
        let (column, kind): (String, u32) =
            serde_json::from_value(column).map_err(|_| corrupt(name))?;
        columns.push(column);
        kinds.push(kind);
    }
    let read = |row: Vec<Value>| {
        let values = kinds.iter().zip(row);
        let values =
            values.map(|(kind, value)| value_of(*kind, value).ok_or_else(|| corrupt(name)));
        values.collect::<Result<Vec<_>, _>>()
    };
    Ok(Rows {
        columns,
        rows: rows.map(read).collect::<Result<_, _>>()?,
    })
}

/// A value of the text that the server has for it.
fn value_of(kind: u32, value: Value) -> Option<SqlValue> {
    let text = match value {
        Value::Null => return Some(SqlValue::Null),
        Value::String(text) => text,
        _ => return None,
    };
    Some(match kind {
        types::BOOL => SqlValue::Bool(text == "t"),
        types::INT2 | types::INT4 | types::INT8 => SqlValue::Integer(text.parse().ok()?),
        // It has the bits of a single number, and is no other one.
        types::FLOAT4 => SqlValue::Real(text.parse::<f32>().ok()?.into()),
        types::FLOAT8 => SqlValue::Real(text.parse().ok()?),
        types::BYTEA => bytes(&text)?.into(),
        _ => SqlValue::Text(text),
    })
}

/// Bytes of their hexadecimal form, `\x00ff`
/// (<https://www.postgresql.org/docs/current/datatype-binary.html#DATATYPE-BINARY-BYTEA-HEX-FORMAT>).
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_the_server_writes() {
        let read = |kind, text: &str| value_of(kind, text.into());
        assert_eq!(value_of(types::TEXT, Value::Null), Some(SqlValue::Null));
        assert_eq!(read(types::BOOL, "t"), Some(true.into()));
        assert_eq!(
            read(types::INT8, "-9223372036854775808"),
            Some(i64::MIN.into())
        );
        assert_eq!(read(types::INT4, "x"), None);
        assert_eq!(
            read(types::FLOAT8, "-Infinity"),
            Some(f64::NEG_INFINITY.into())
        );
        assert_eq!(read(types::FLOAT8, "5e-324"), Some(5e-324.into()));
        assert_eq!(read(types::FLOAT4, "0.1"), Some(0.1_f32.into()));
        assert_eq!(read(types::BYTEA, "\\x00ff"), Some(vec![0, 255].into()));
        assert_eq!(read(types::BYTEA, "\\x0"), None);
        assert_eq!(read(types::VARCHAR, "x"), Some("x".into()));
    }
}
