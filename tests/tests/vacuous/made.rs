//! Generates a response that meets a vector's expectations, as bytes on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conformance::bytes::to_isomorphic;
use conformance::vector::{Expectation, Matcher, OneValue, Values};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::string::string_regex_parsed;
use proptest::test_runner::TestRunner;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Generates responses, varying whatever the expectations leave open.
pub(crate) struct Maker {
    runner: TestRunner,
    /// How many repetitions beyond the minimum a generated string may have.
    more: u32,
}

impl Maker {
    /// Generates the same responses on each run.
    pub(crate) fn new() -> Self {
        Self {
            runner: TestRunner::deterministic(),
            more: 0,
        }
    }

    /// The same, with the lengths of generated strings cycling from the minimum up.
    pub(crate) fn another(&mut self) -> &mut Self {
        self.more = (self.more + 1) % 3;
        self
    }

    /// A response to exchange `index`, without a body if the request `is_head`.
    pub(crate) fn answer(&mut self, wanted: &Expectation, index: usize, is_head: bool) -> Vec<u8> {
        let status = self.status(wanted);
        let body = self.body(wanted, index);
        let mut head = format!("HTTP/1.1 {status} Made\r\n").into_bytes();
        for (name, values) in &wanted.headers {
            let Values::Exactly(values) = values else {
                continue;
            };
            for value in values {
                let value = match value {
                    OneValue::Bytes(bytes) => bytes.clone(),
                    // Only a response to HEAD may have an arbitrary length.
                    OneValue::Matches(_) if name == "content-length" && !is_head => {
                        body.len().to_string().into_bytes()
                    }
                    OneValue::Matches(regex) => self.text(regex.as_str()).into_bytes(),
                };
                head.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
            }
        }
        let has_no_body = matches!(status, 204 | 304);
        let is_chunked = matches!(wanted.headers.get("content-length"), Some(Values::Exactly(none)) if none.is_empty());
        if is_chunked && !has_no_body && !is_head {
            head.extend(b"transfer-encoding: chunked\r\n\r\n");
            head.extend(format!("{:x}\r\n", body.len()).into_bytes());
            head.extend(body);
            head.extend(b"\r\n0\r\n\r\n");
            return head;
        }
        if !has_no_body
            && !["content-length", "transfer-encoding"]
                .iter()
                .any(|name| is_made(wanted, name))
        {
            head.extend(format!("content-length: {}\r\n", body.len()).into_bytes());
        }
        head.extend(b"\r\n");
        if !is_head && !has_no_body {
            head.extend(body);
        }
        head
    }

    /// The expected status, or one of them.
    pub(crate) fn status(&mut self, wanted: &Expectation) -> u64 {
        let value = self.value(&wanted.status, 0);
        value
            .as_u64()
            .unwrap_or_else(|| panic!("no status can be made for {}", wanted.status))
    }

    fn body(&mut self, wanted: &Expectation, index: usize) -> Vec<u8> {
        if let Some(body) = &wanted.body {
            return body.bytes().into_owned();
        }
        if let Some(text) = &wanted.text {
            let value = self.value(text, index);
            return value.as_str().unwrap_or_default().as_bytes().to_vec();
        }
        let echoes = !wanted.seen.is_empty() || wanted.received.is_some();
        if wanted.json.is_empty() && !echoes {
            return Vec::new();
        }
        let mut root = Value::Null;
        // A pointer sorts before those that extend it.
        for (pointer, matcher) in &wanted.json {
            let value = self.value(matcher, index);
            put(&mut root, pointer, value);
        }
        if echoes {
            put(&mut root, "/headers", self.seen(&wanted.seen));
            let received = wanted
                .received
                .as_ref()
                .map(|body| body.bytes().into_owned());
            put(
                &mut root,
                "/body_base64",
                STANDARD.encode(received.unwrap_or_default()).into(),
            );
        }
        root.to_string().into_bytes()
    }

    /// Headers in the format of `/echo`.
    fn seen(&mut self, wanted: &BTreeMap<String, Values>) -> Value {
        let mut pairs = Vec::new();
        for (name, values) in wanted {
            let Values::Exactly(values) = values else {
                continue;
            };
            for value in values {
                let text = match value {
                    OneValue::Bytes(bytes) => to_isomorphic(bytes),
                    OneValue::Matches(regex) => self.text(regex.as_str()),
                };
                pairs.push(json!([name, text]));
            }
        }
        pairs.into()
    }

    fn value(&mut self, matcher: &Matcher, index: usize) -> Value {
        match matcher {
            Matcher::Equals(value) => value.clone(),
            Matcher::OneOf(values) => values[0].clone(),
            Matcher::Matches(regex) => self.text(regex.as_str()).into(),
            Matcher::DiffersFrom(_) => format!("made for exchange {index}").into(),
            Matcher::Keys(keys) => keys
                .iter()
                .map(|key| (key.clone(), Value::Null))
                .collect::<Map<_, _>>()
                .into(),
            // No expectation excludes all of these.
            Matcher::Type(_) | Matcher::Not(_) => [
                json!("made"),
                json!("0"),
                json!(299),
                json!({}),
                json!([]),
                json!(true),
                json!(null),
            ]
            .into_iter()
            .find(|value| matcher.accepts(value, &|_| None))
            .unwrap(),
        }
    }

    /// A string that the regular expression matches, of printable ASCII where possible.
    fn text(&mut self, regex: &str) -> String {
        let hir = plain(&regex_syntax::parse(regex).unwrap(), self.more);
        let texts = string_regex_parsed(&hir).unwrap();
        texts.new_tree(&mut self.runner).unwrap().current()
    }
}

fn is_made(wanted: &Expectation, name: &str) -> bool {
    matches!(wanted.headers.get(name), Some(Values::Exactly(values)) if !values.is_empty())
}

/// The regular expression without anchors, reduced to letters and digits where possible, and with few repetitions.
fn plain(hir: &Hir, more: u32) -> Hir {
    match hir.kind() {
        HirKind::Look(_) => Hir::empty(),
        HirKind::Class(Class::Unicode(class)) => {
            let mut printable = class.clone();
            printable.intersect(&ClassUnicode::new([
                ClassUnicodeRange::new('0', '9'),
                ClassUnicodeRange::new('A', 'Z'),
                ClassUnicodeRange::new('a', 'z'),
            ]));
            let has_some = !printable.ranges().is_empty();
            Hir::class(Class::Unicode(if has_some {
                printable
            } else {
                class.clone()
            }))
        }
        HirKind::Repetition(repetition) => Hir::repetition(regex_syntax::hir::Repetition {
            sub: Box::new(plain(&repetition.sub, more)),
            max: Some(
                repetition
                    .max
                    .map_or(repetition.min + more, |max| max.min(repetition.min + more)),
            ),
            ..repetition.clone()
        }),
        HirKind::Capture(capture) => plain(&capture.sub, more),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(|part| plain(part, more)).collect()),
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.iter().map(|part| plain(part, more)).collect())
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

/// Sets the value at a JSON pointer (RFC 6901), creating the parents it needs.
fn put(root: &mut Value, pointer: &str, value: Value) {
    let mut place = root;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        place = match (token.parse::<usize>(), &*place) {
            (Ok(index), Value::Null | Value::Array(_)) => {
                if !place.is_array() {
                    *place = json!([]);
                }
                let items = place.as_array_mut().unwrap();
                items.resize(items.len().max(index + 1), Value::Null);
                &mut items[index]
            }
            _ => {
                if !place.is_object() {
                    *place = json!({});
                }
                place
                    .as_object_mut()
                    .unwrap()
                    .entry(token)
                    .or_insert(Value::Null)
            }
        };
    }
    *place = value;
}
