//! Databases of Cloudflare's D1 (<https://developers.cloudflare.com/d1/>): a binding of the database's name.
//!
//! D1 binds every number as a real, and gives integers beyond 2^53 rounded. What is bound as an integer goes as text, and is cast in
//! the statement; what comes back rounded fails.

use std::fmt::Write as _;
use std::rc::Rc;

use guru_core::ports::{self, Called, Error, Rows, SqlValue, Statement, outline};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::stores::{corrupt, failure, reply};

/// From here on, a number of JavaScript stands for several integers.
const EXACT: u64 = 1 << 53;

/// 2^63, to which the ends of integers are rounded: what is beyond is a real.
const NO_INTEGER: f64 = 9_223_372_036_854_775_808.0;

/// The host's part, which is there only in a worker whose function has a database: `sql.js`.
#[wasm_bindgen]
extern "C" {
    /// Runs statements as one transaction: a JSON array of `[text, parameters]`, in which `[from, to]` stands for those bytes of
    /// `content`. Replies with a JSON array of rows for each, the first of which are the names of its columns.
    #[wasm_bindgen(js_namespace = host, js_name = "sql")]
    fn sql(number: u32, database: &str, statements: &str, content: Option<&[u8]>);
}

/// The database of this name.
#[doc(hidden)]
#[must_use]
pub fn sqlite(name: &'static str) -> Rc<dyn ports::Sql> {
    Rc::new(D1(name))
}

struct D1(&'static str);

impl ports::Sql for D1 {
    fn batch(&self, statements: Vec<Statement>) -> Called<Vec<Rows>> {
        let name = self.0;
        Box::pin(async move {
            let (mut all, mut content) = (Vec::with_capacity(statements.len()), Vec::new());
            for statement in statements {
                let text = cast(&statement)?;
                let values = statement.parameters.into_iter();
                let values: Vec<_> = values.map(|value| json(value, &mut content)).collect();
                all.push(json!([text, values]));
            }
            let all = Value::Array(all).to_string();
            let said = reply(|number| sql(number, name, &all, Some(&content))).await;
            if let Some(error) = failure(name, &said) {
                return Err(error);
            }
            let read: Vec<Vec<Vec<Value>>> =
                serde_json::from_str(&said.text).map_err(|_| corrupt(name))?;
            read.into_iter().map(|rows| table(name, rows)).collect()
        })
    }
}

/// The statement's text, in which what is bound as text is cast to what it stands for. The sign in front takes from the cast the
/// type that comparisons would go by (<https://sqlite.org/datatype3.html#determination_of_column_affinity>).
fn cast(statement: &Statement) -> Result<String, Error> {
    let source = &*statement.text;
    let outline = outline(source)?;
    // D1 takes what is behind a `;` for another statement.
    let (mut done, end) = (outline.range.start, outline.range.end);
    let mut text = String::with_capacity(source.len());
    for place in outline.placeholders {
        let (number, range) = (place.number, place.range);
        text += source.get(done..range.start).unwrap_or_default();
        done = range.end;
        let value = number
            .checked_sub(1)
            .and_then(|at| statement.parameters.get(at));
        let kind = match value {
            Some(SqlValue::Integer(_) | SqlValue::Bool(_)) => "INTEGER",
            Some(SqlValue::Real(number)) if number.is_infinite() => "REAL",
            _ => {
                let _ = write!(text, "?{number}");
                continue;
            }
        };
        let _ = write!(text, "(+CAST(?{number} AS {kind}))");
    }
    text += source.get(done..end).unwrap_or_default();
    Ok(text)
}

/// A parameter, whose bytes are added to `content`.
fn json(value: SqlValue, content: &mut Vec<u8>) -> Value {
    match value {
        SqlValue::Integer(number) => number.to_string().into(),
        SqlValue::Bool(is) => if is { "1" } else { "0" }.into(),
        SqlValue::Real(number) if number.is_infinite() => {
            if number > 0.0 { "9e999" } else { "-9e999" }.into()
        }
        // What is no number has no JSON, and is null there as it is in SQLite.
        SqlValue::Real(number) => number.into(),
        SqlValue::Text(text) => text.into(),
        SqlValue::Bytes(bytes) => {
            let from = content.len();
            content.extend_from_slice(&bytes);
            json!([from, content.len()])
        }
        _ => Value::Null,
    }
}

fn table(name: &str, rows: Vec<Vec<Value>>) -> Result<Rows, Error> {
    let mut rows = rows.into_iter();
    let columns = rows.next().unwrap_or_default().into_iter();
    let columns = columns.map(|column| match column {
        Value::String(column) => Ok(column),
        _ => Err(corrupt(name)),
    });
    let rows = rows.map(|row| row.into_iter().map(|value| read(name, value)).collect());
    Ok(Rows {
        columns: columns.collect::<Result<_, _>>()?,
        rows: rows.collect::<Result<_, _>>()?,
    })
}

fn read(name: &str, value: Value) -> Result<SqlValue, Error> {
    Ok(match value {
        Value::Null => SqlValue::Null,
        Value::Bool(is) => SqlValue::Bool(is),
        Value::String(text) => SqlValue::Text(text),
        Value::Array(bytes) => {
            let bytes = bytes.iter().map(|byte| u8::try_from(byte.as_u64()?).ok());
            let bytes: Option<Vec<u8>> = bytes.collect();
            bytes.ok_or_else(|| corrupt(name))?.into()
        }
        Value::Number(number) => {
            let real = number.as_f64().ok_or_else(|| corrupt(name))?;
            match number.as_i64() {
                Some(number) if number.unsigned_abs() < EXACT => SqlValue::Integer(number),
                None if real.abs() > NO_INTEGER || real.fract() != 0.0 => SqlValue::Real(real),
                _ => return Err(inexact(name)),
            }
        }
        Value::Object(_) => return Err(corrupt(name)),
    })
}

fn inexact(name: &str) -> Error {
    let message = format!(
        "`{name}` has a number beyond 2^53, which D1 cannot give exactly: select it as text, CAST(... AS TEXT)"
    );
    Error::new(ports::ErrorKind::Corrupt, message)
}
