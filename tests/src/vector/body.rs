//! A body as written in a vector: JSON, text, base64, a repeated byte, or nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// A body's bytes, or how to make them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Raw")]
pub enum Body {
    /// Literal bytes.
    Bytes(Vec<u8>),
    /// A repeated byte, so that a large body needs no large file.
    Repeat(Repeat),
}

/// One byte, `count` times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The byte.
    pub byte: u8,
    /// How many times.
    pub count: usize,
}

/// The members that describe a body; at most one may be present.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) json: Option<Value>,
    pub(super) text: Option<String>,
    pub(super) base64: Option<String>,
    pub(super) repeat: Option<Repeat>,
    #[serde(default)]
    pub(super) empty: bool,
}

impl Raw {
    /// The body described, if any.
    pub(super) fn body(self) -> Result<Option<Body>, String> {
        let mut found = Vec::new();
        found.extend(self.json.map(|json| Ok(json.to_string().into_bytes())));
        found.extend(self.text.map(|text| Ok(text.into_bytes())));
        found.extend(self.base64.map(|text| {
            STANDARD
                .decode(text)
                .map_err(|error| format!("base64: {error}"))
        }));
        found.extend(self.empty.then(|| Ok(Vec::new())));
        let mut bodies: Vec<Body> = found
            .into_iter()
            .map(|bytes| bytes.map(Body::Bytes))
            .collect::<Result<_, _>>()?;
        bodies.extend(self.repeat.map(Body::Repeat));
        match bodies.len() {
            0 | 1 => Ok(bodies.pop()),
            _ => Err("more than one body: give one of json, text, base64, repeat, empty".into()),
        }
    }
}

impl TryFrom<Raw> for Body {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        raw.body()?
            .ok_or_else(|| "no body: give one of json, text, base64, repeat, empty".into())
    }
}

impl Body {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
            Self::Repeat(Repeat { byte, count }) => Cow::Owned(vec![*byte; *count]),
        }
    }
}
