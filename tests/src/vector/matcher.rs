//! Matches a value of a response: equality with a literal, or one `$operator`.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

use crate::bytes;

/// An expectation of one JSON value.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
pub enum Matcher {
    /// Any plain value: equality.
    Equals(Value),
    /// `{"$matches": "regex"}`: a string that the regular expression matches.
    Matches(Regex),
    /// `{"$type": "string"}`: one of null, boolean, number, string, array, object.
    Type(String),
    /// `{"$not": matcher}`: anything that the matcher rejects.
    Not(Box<Matcher>),
    /// `{"$one_of": [...]}`: equal to one of these.
    OneOf(Vec<Value>),
    /// `{"$keys": [...]}`: an object with exactly these members, in any order.
    Keys(BTreeSet<String>),
    /// `{"$differs_from": 0}`: not the value at the same place in the response to that earlier exchange.
    DiffersFrom(usize),
}

impl TryFrom<Value> for Matcher {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let Some((name, argument)) = operator(&value)? else {
            return Ok(Self::Equals(value));
        };
        match name {
            "$matches" => Ok(Self::Matches(pattern(argument)?)),
            "$type" => Ok(Self::Type(kind(argument)?)),
            "$not" => Ok(Self::Not(Box::new(Self::try_from(argument.clone())?))),
            "$one_of" => Ok(Self::OneOf(
                argument.as_array().cloned().ok_or("$one_of wants a list")?,
            )),
            "$keys" => argument
                .as_array()
                .and_then(|keys| {
                    keys.iter()
                        .map(|key| key.as_str().map(str::to_owned))
                        .collect()
                })
                .map(Self::Keys)
                .ok_or_else(|| "$keys wants a list of strings".to_owned()),
            "$differs_from" => argument
                .as_u64()
                .and_then(|index| usize::try_from(index).ok())
                .map(Self::DiffersFrom)
                .ok_or_else(|| "$differs_from wants the index of an earlier exchange".to_owned()),
            _ => Err(format!(
                "`{name}` is not an operator: use $matches, $type, $not, $one_of, $keys or $differs_from"
            )),
        }
    }
}

impl Matcher {
    /// Whether `value` matches; `earlier(i)` is the value at the same place in exchange `i`.
    pub fn accepts<'a>(&self, value: &Value, earlier: &dyn Fn(usize) -> Option<&'a Value>) -> bool {
        match self {
            Self::Equals(wanted) => value == wanted,
            Self::Matches(regex) => value.as_str().is_some_and(|text| regex.is_match(text)),
            Self::Type(wanted) => type_name(value) == wanted,
            Self::Not(inner) => !inner.accepts(value, earlier),
            Self::OneOf(wanted) => wanted.contains(value),
            Self::Keys(wanted) => value.as_object().is_some_and(|object| {
                object.len() == wanted.len() && object.keys().all(|key| wanted.contains(key))
            }),
            Self::DiffersFrom(index) => earlier(*index).is_some_and(|other| other != value),
        }
    }

    /// The highest exchange that this refers back to.
    #[must_use]
    pub fn refers_to(&self) -> Option<usize> {
        match self {
            Self::DiffersFrom(index) => Some(*index),
            Self::Not(inner) => inner.refers_to(),
            _ => None,
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(value) => write!(out, "{value}"),
            Self::Matches(regex) => write!(out, "a match of /{regex}/"),
            Self::Type(name) => write!(out, "any {name}"),
            Self::Not(inner) => write!(out, "anything but {inner}"),
            Self::OneOf(values) => write!(out, "one of {}", Value::Array(values.clone())),
            Self::Keys(keys) => write!(out, "an object with exactly the members {keys:?}"),
            Self::DiffersFrom(index) => write!(out, "something else than in exchange {index}"),
        }
    }
}

/// An expectation of all the values of one header, in order.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
pub enum Values {
    /// Exactly these; an empty list means that the header must be absent.
    Exactly(Vec<OneValue>),
    /// `{"$lacks": "regex"}`: any number of values, none of which matches.
    Lacks(Regex),
}

/// An expectation of one value of a header.
#[derive(Debug, Clone)]
pub enum OneValue {
    /// These bytes.
    Bytes(Vec<u8>),
    /// `{"$matches": "regex"}`, on the value decoded to one character per byte.
    Matches(Regex),
}

impl TryFrom<Value> for Values {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if let Some(("$lacks", argument)) = operator(&value)? {
            return pattern(argument).map(Self::Lacks);
        }
        match &value {
            Value::Null => Ok(Self::Exactly(Vec::new())),
            Value::Array(values) => values.iter().map(OneValue::parse).collect::<Result<_, _>>().map(Self::Exactly),
            Value::Object(_) => Ok(Self::Exactly(vec![OneValue::parse(&value)?])),
            _ => Err("the values of a header are a list (null or [] when it must be absent), {\"$matches\": ...} or {\"$lacks\": ...}".into()),
        }
    }
}

impl OneValue {
    fn parse(value: &Value) -> Result<Self, String> {
        match operator(value)? {
            Some(("$matches", argument)) => pattern(argument).map(Self::Matches),
            Some((name, _)) => Err(format!(
                "`{name}` is not an operator on a header's value: use $matches"
            )),
            None => value
                .as_str()
                .ok_or_else(|| format!("a header's value is a string, not {value}"))
                .and_then(isomorphic)
                .map(Self::Bytes),
        }
    }

    fn accepts(&self, value: &[u8]) -> bool {
        match self {
            Self::Bytes(wanted) => value == wanted,
            Self::Matches(regex) => regex.is_match(&bytes::to_isomorphic(value)),
        }
    }
}

impl Values {
    /// Whether the values match.
    #[must_use]
    pub fn accepts(&self, values: &[&[u8]]) -> bool {
        match self {
            Self::Exactly(wanted) => {
                wanted.len() == values.len()
                    && wanted
                        .iter()
                        .zip(values)
                        .all(|(wanted, value)| wanted.accepts(value))
            }
            Self::Lacks(regex) => !values
                .iter()
                .any(|value| regex.is_match(&bytes::to_isomorphic(value))),
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(values) if values.is_empty() => write!(out, "absent"),
            Self::Exactly(values) => {
                let shown: Vec<String> = values
                    .iter()
                    .map(|value| match value {
                        OneValue::Bytes(wanted) => bytes::quoted(wanted, 300),
                        OneValue::Matches(regex) => format!("a match of /{regex}/"),
                    })
                    .collect();
                write!(out, "[{}]", shown.join(", "))
            }
            Self::Lacks(regex) => write!(out, "no value with a match of /{regex}/"),
        }
    }
}

/// The bytes of a string with one character per byte.
pub(super) fn isomorphic(text: &str) -> Result<Vec<u8>, String> {
    bytes::from_isomorphic(text).map_err(|character| {
        format!("{text:?}: {character:?} is no byte; write one character from U+0000 to U+00FF for each byte")
    })
}

/// The operator in `value`, if it is one: an object whose only member begins with `$`.
fn operator(value: &Value) -> Result<Option<(&str, &Value)>, String> {
    let Some(object) = value.as_object() else {
        return Ok(None);
    };
    match object.iter().find(|(name, _)| name.starts_with('$')) {
        None => Ok(None),
        Some((name, argument)) if object.len() == 1 => Ok(Some((name, argument))),
        Some((name, _)) => Err(format!(
            "the operator `{name}` must be the only member of its object"
        )),
    }
}

fn pattern(argument: &Value) -> Result<Regex, String> {
    let text = argument
        .as_str()
        .ok_or("a regular expression is a string")?;
    Regex::new(text).map_err(|error| error.to_string())
}

fn kind(argument: &Value) -> Result<String, String> {
    const KINDS: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];
    argument
        .as_str()
        .filter(|name| KINDS.contains(name))
        .map(str::to_owned)
        .ok_or_else(|| format!("$type wants one of {KINDS:?}"))
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
