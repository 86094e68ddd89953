//! Compares a response with a vector's expectations and reports every mismatch.

mod echo;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;
use std::fmt;

use crate::bytes::quoted;
use crate::vector::{Body, Expectation, Matcher, Values};
use crate::wire::RawResponse;

/// How much of a value is shown on each side of a mismatch.
const SHOWN: usize = 300;

/// An expectation that a response does not meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The place: `status`, `header set-cookie`, `json /segments`.
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What was received.
    pub got: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}\n  expected {}\n  got      {}",
            self.place, self.expected, self.got
        )
    }
}

/// Returns all mismatches of `answer`; `earlier` holds the responses to the preceding exchanges.
#[must_use]
pub fn check(
    expectation: &Expectation,
    answer: &RawResponse,
    earlier: &[RawResponse],
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    status(expectation, answer, &mut found);
    framing(answer, &mut found);
    for (name, wanted) in &expectation.headers {
        values(
            &format!("header {name}"),
            wanted,
            &answer.values(name),
            &mut found,
        );
    }
    if let Some(wanted) = &expectation.body {
        bytes("body", wanted, &answer.body, &mut found);
    }
    text(expectation, answer, earlier, &mut found);
    json(expectation, answer, earlier, &mut found);
    echo::check(expectation, answer, &mut found);
    lacks(expectation, answer, &mut found);
    let lasted = answer.lasted.as_millis();
    if lasted < u128::from(expectation.lasts) {
        found.push(Mismatch {
            place: "the time from the first bytes of the body to its end".into(),
            expected: format!("{} ms at least", expectation.lasts),
            got: format!("{lasted} ms"),
        });
    }
    found
}

fn status(expectation: &Expectation, answer: &RawResponse, found: &mut Vec<Mismatch>) {
    if !expectation
        .status
        .accepts(&Value::from(answer.status), &|_| None)
    {
        found.push(Mismatch {
            place: "status".into(),
            expected: expectation.status.to_string(),
            got: format!(
                "{} {}; body {}",
                answer.status,
                answer.reason,
                quoted(&answer.body, SHOWN)
            ),
        });
    }
}

/// Bytes after the end of a response would be read as the start of the next one (RFC 9112 section 9.3).
fn framing(answer: &RawResponse, found: &mut Vec<Mismatch>) {
    if !answer.surplus.is_empty() {
        found.push(Mismatch {
            place: "after the answer".into(),
            expected: "no byte".into(),
            got: quoted(&answer.surplus, SHOWN),
        });
    }
}

fn values(place: &str, wanted: &Values, got: &[&[u8]], found: &mut Vec<Mismatch>) {
    if wanted.accepts(got) {
        return;
    }
    let shown: Vec<String> = got.iter().map(|value| quoted(value, SHOWN)).collect();
    found.push(Mismatch {
        place: place.to_owned(),
        expected: wanted.to_string(),
        got: if shown.is_empty() {
            "absent".into()
        } else {
            format!("[{}]", shown.join(", "))
        },
    });
}

fn bytes(place: &str, wanted: &Body, got: &[u8], found: &mut Vec<Mismatch>) {
    let wanted = wanted.bytes();
    if *wanted == *got {
        return;
    }
    let at = wanted
        .iter()
        .zip(got)
        .take_while(|(left, right)| left == right)
        .count();
    let window = |bytes: &[u8]| {
        let from = at.saturating_sub(10);
        let near = quoted(bytes.get(from..).unwrap_or_default(), 60);
        format!("{} bytes; from byte {from} on: {near}", bytes.len())
    };
    found.push(Mismatch {
        place: format!("{place}, first different at byte {at}"),
        expected: window(&wanted),
        got: window(got),
    });
}

fn text(
    expectation: &Expectation,
    answer: &RawResponse,
    earlier: &[RawResponse],
    found: &mut Vec<Mismatch>,
) {
    let Some(wanted) = &expectation.text else {
        return;
    };
    let read = |answer: &RawResponse| String::from_utf8(answer.body.clone()).ok().map(Value::from);
    let before: Vec<Option<Value>> = earlier.iter().map(read).collect();
    let accepted = read(answer).is_some_and(|got| {
        wanted.accepts(&got, &|index| before.get(index).and_then(Option::as_ref))
    });
    if !accepted {
        found.push(Mismatch {
            place: "body".into(),
            expected: cut(wanted),
            got: quoted(&answer.body, SHOWN),
        });
    }
}

fn json(
    expectation: &Expectation,
    answer: &RawResponse,
    earlier: &[RawResponse],
    found: &mut Vec<Mismatch>,
) {
    if expectation.json.is_empty() {
        return;
    }
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        found.push(Mismatch {
            place: "body".into(),
            expected: "JSON".into(),
            got: quoted(&answer.body, SHOWN),
        });
        return;
    };
    let before: Vec<Option<Value>> = earlier
        .iter()
        .map(|answer| serde_json::from_slice(&answer.body).ok())
        .collect();
    for (pointer, wanted) in &expectation.json {
        let got = body.pointer(pointer);
        let then = |index: usize| {
            before
                .get(index)
                .and_then(Option::as_ref)
                .and_then(|body| body.pointer(pointer))
        };
        if !got.is_some_and(|got| wanted.accepts(got, &then)) {
            found.push(Mismatch {
                place: if pointer.is_empty() {
                    "json".into()
                } else {
                    format!("json {pointer}")
                },
                expected: cut(wanted),
                got: got.map_or("nothing there".into(), |got| clip(&got.to_string())),
            });
        }
    }
}

fn lacks(expectation: &Expectation, answer: &RawResponse, found: &mut Vec<Mismatch>) {
    if expectation.lacks.is_empty() {
        return;
    }
    let headers = answer.headers.iter().chain(&answer.trailers);
    let mut all: Vec<u8> = headers
        .flat_map(|(name, value)| [name.as_slice(), b": ", value, b"\n"].concat())
        .collect();
    all.extend_from_slice(&answer.body);
    let all = String::from_utf8_lossy(&all).to_lowercase();
    for text in &expectation.lacks {
        if all.contains(&text.to_lowercase()) {
            found.push(Mismatch {
                place: "anywhere in the answer".into(),
                expected: format!("no {text:?}"),
                got: quoted(&answer.body, SHOWN),
            });
        }
    }
}

fn cut(matcher: &Matcher) -> String {
    clip(&matcher.to_string())
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!(
            "{}… ({} bytes in all)",
            text.get(..end).unwrap_or_default(),
            text.len()
        ),
        None => text.to_owned(),
    }
}
