//! What a vector expects of one response.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::body::{Body, Raw as RawBody, Repeat};
use super::matcher::{Matcher, OneValue, Values};

/// The expectations of one response, all of which must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Expectation {
    /// The status code.
    pub status: Matcher,
    /// The expected values by lower-case header name.
    pub headers: BTreeMap<String, Values>,
    /// The body as bytes.
    pub body: Option<Body>,
    /// The body as text.
    pub text: Option<Matcher>,
    /// The expected value by JSON pointer (RFC 6901); a vector's `error` is expanded into these.
    pub json: BTreeMap<String, Matcher>,
    /// The values that the probe's `/echo` must report its handler saw, by lower-case header name.
    pub seen: BTreeMap<String, Values>,
    /// The body that `/echo` must report it received.
    pub received: Option<Body>,
    /// Strings that must not occur anywhere in the response, in any letter case.
    pub lacks: Vec<String>,
    /// How many milliseconds must lie between the first bytes of the body and its end.
    pub lasts: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    status: Matcher,
    error: Option<Matcher>,
    #[serde(default)]
    headers: BTreeMap<String, Values>,
    text: Option<Value>,
    base64: Option<String>,
    repeat: Option<Repeat>,
    #[serde(default)]
    empty: bool,
    #[serde(default)]
    json: BTreeMap<String, Matcher>,
    #[serde(default)]
    seen: BTreeMap<String, Values>,
    received: Option<Body>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    lasts: u64,
}

impl Raw {
    /// Adds the contract's requirements of every error (point 9); explicit expectations of the vector take precedence.
    fn be_an_error(&mut self, text: Matcher) -> Result<(), String> {
        let some = Regex::new(".").map_err(|error| error.to_string())?;
        let keys = ["error", "request_id", "status"].map(str::to_owned);
        let parts = [
            ("", Matcher::Keys(keys.into())),
            ("/status", Matcher::Equals("error".into())),
            ("/error", text),
            ("/request_id", Matcher::Matches(some)),
        ];
        for (pointer, wanted) in parts {
            self.json.entry(pointer.into()).or_insert(wanted);
        }
        let json = OneValue::Bytes(b"application/json".to_vec());
        self.headers
            .entry("content-type".into())
            .or_insert(Values::Exactly(vec![json]));
        Ok(())
    }
}

impl TryFrom<Raw> for Expectation {
    type Error = String;

    fn try_from(mut raw: Raw) -> Result<Self, String> {
        if let Some(text) = raw.error.take() {
            raw.be_an_error(text)?;
        }
        let body = RawBody {
            base64: raw.base64,
            repeat: raw.repeat,
            empty: raw.empty,
            ..RawBody::default()
        }
        .body()?;
        if body.is_some() && raw.text.is_some() {
            return Err("more than one body: give one of text, base64, repeat, empty".into());
        }
        for name in raw.headers.keys().chain(raw.seen.keys()) {
            if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(format!("header names are expected in lower case: `{name}`"));
            }
        }
        if let Some(pointer) = raw
            .json
            .keys()
            .find(|key| !key.is_empty() && !key.starts_with('/'))
        {
            return Err(format!(
                "`{pointer}` is no JSON pointer: it must be empty or begin with `/`"
            ));
        }
        if let Matcher::Equals(status) = &raw.status
            && status.as_u64().is_none()
        {
            return Err(format!("a status is a number, not {status}"));
        }
        Ok(Self {
            status: raw.status,
            headers: raw.headers,
            body,
            text: raw.text.map(Matcher::try_from).transpose()?,
            json: raw.json,
            seen: raw.seen,
            received: raw.received,
            lacks: raw.lacks,
            lasts: raw.lasts,
        })
    }
}

impl Expectation {
    /// The highest exchange that these expectations refer back to.
    pub(super) fn refers_to(&self) -> Option<usize> {
        self.json
            .values()
            .chain(&self.text)
            .filter_map(Matcher::refers_to)
            .max()
    }
}
