//! What a vector demands of one answer.
//!
//! It must not know how the demands are checked.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::body::{Body, Raw as RawBody, Repeat};
use super::matcher::{Matcher, OneValue, Values};

/// All demands on one answer; every one must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Expectation {
    /// The status code.
    pub status: Matcher,
    /// Lower-case header name to the values demanded.
    pub headers: BTreeMap<String, Values>,
    /// The body as bytes.
    pub body: Option<Body>,
    /// The body as text.
    pub text: Option<Matcher>,
    /// JSON pointer (RFC 6901) to the value demanded there; `error` in a vector is written out here.
    pub json: BTreeMap<String, Matcher>,
    /// Lower-case name to the values that the probe's `/echo` must say the handler saw.
    pub seen: BTreeMap<String, Values>,
    /// The body that `/echo` must say the handler got.
    pub received: Option<Body>,
    /// Texts that must be nowhere in the answer, in any letter case.
    pub lacks: Vec<String>,
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
}

impl Raw {
    /// Adds what every error of the contract is (point 9); a demand that the vector makes itself stays.
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
        })
    }
}

impl Expectation {
    /// The highest exchange that these demands refer back to.
    pub(super) fn refers_to(&self) -> Option<usize> {
        self.json
            .values()
            .chain(&self.text)
            .filter_map(Matcher::refers_to)
            .max()
    }
}
