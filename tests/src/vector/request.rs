//! What a vector sends, byte for byte.

use serde::Deserialize;
use serde_json::Value;

use super::body::{Body, Raw as RawBody, Repeat};
use super::matcher::isomorphic;

/// A request as sent over the wire, without `host` and the framing headers, which the wire adds where they are missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Request {
    /// The method's token.
    pub method: Vec<u8>,
    /// The request target, byte for byte (RFC 9112 section 3.2).
    pub target: Vec<u8>,
    /// Names and values, in order.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body. `None` differs from an empty body, which has a `content-length`.
    pub body: Option<Body>,
    /// Whether the body is sent in chunks (RFC 9112 section 7.1).
    pub chunked: bool,
    /// Whether the rest of the body, after its first chunk, is sent only once the answer's body has begun to come.
    pub held: bool,
    /// How long to wait before it is sent, in milliseconds.
    pub pause: u64,
    /// Whether this request needs a connection of its own instead of the previous one.
    pub fresh: bool,
    /// Whether the wire adds a missing `host`.
    pub has_host: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    method: String,
    target: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    json: Option<Value>,
    text: Option<String>,
    base64: Option<String>,
    repeat: Option<Repeat>,
    #[serde(default)]
    empty: bool,
    #[serde(default)]
    chunked: bool,
    #[serde(default)]
    held: bool,
    #[serde(default)]
    pause: u64,
    #[serde(default)]
    connection: Connection,
    #[serde(default = "yes")]
    host: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Connection {
    #[default]
    Same,
    New,
}

impl TryFrom<Raw> for Request {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let body = RawBody {
            json: raw.json,
            text: raw.text,
            base64: raw.base64,
            repeat: raw.repeat,
            empty: raw.empty,
        }
        .body()?;
        if raw.chunked && body.is_none() {
            return Err("`chunked` needs a body to send in chunks".into());
        }
        if raw.held && !raw.chunked {
            return Err("`held` needs a body in chunks".into());
        }
        let request = Self {
            method: isomorphic(&raw.method)?,
            target: isomorphic(&raw.target)?,
            headers: raw
                .headers
                .iter()
                .map(|(name, value)| Ok((isomorphic(name)?, isomorphic(value)?)))
                .collect::<Result<_, String>>()?,
            body,
            chunked: raw.chunked,
            held: raw.held,
            pause: raw.pause,
            has_host: raw.host,
            fresh: raw.connection == Connection::New,
        };
        request.one_message()?;
        Ok(request)
    }
}

impl Request {
    /// Rejects bytes that would end their line: the wire would send something other than the vector defines.
    fn one_message(&self) -> Result<(), String> {
        let breaks = |bytes: &[u8], more: &[u8]| {
            bytes
                .iter()
                .any(|byte| b"\r\n\0".contains(byte) || more.contains(byte))
        };
        if breaks(&self.method, b" ") || breaks(&self.target, b" ") {
            return Err("the method and the target hold no space and no end of line".into());
        }
        if self
            .headers
            .iter()
            .any(|(name, value)| breaks(name, b": ") || breaks(value, b""))
        {
            return Err("a header's name or value holds no end of line".into());
        }
        Ok(())
    }

    /// The same with what earlier answers had in place of `{kept:NAME}`: percent-encoded in the target, as it is in headers.
    #[must_use]
    pub fn with_kept(&self, kept: &[(String, Vec<u8>)]) -> Self {
        let mut request = self.clone();
        for (name, value) in kept {
            let placeholder = format!("{{kept:{name}}}");
            let encoded: Vec<u8> = value.iter().flat_map(|byte| encoded(*byte)).collect();
            request.target = replaced(&request.target, placeholder.as_bytes(), &encoded);
            for (_, text) in &mut request.headers {
                *text = replaced(text, placeholder.as_bytes(), value);
            }
        }
        request
    }

    /// The target up to its query.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        let mut parts = self.target.split(|byte| *byte == b'?');
        parts.next().unwrap_or_default()
    }

    /// Whether the response has no body whatever its headers say (RFC 9110 section 9.3.2).
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.method == b"HEAD"
    }
}

/// A byte as it stands in a query.
fn encoded(byte: u8) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        vec![byte]
    } else {
        format!("%{byte:02X}").into_bytes()
    }
}

fn replaced(text: &[u8], placeholder: &[u8], value: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(placeholder) {
            made.extend_from_slice(value);
            rest = after;
        } else {
            made.push(*first);
            rest = after;
        }
    }
    made
}
