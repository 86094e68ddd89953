//! Checks what the probe's `/echo` reports that its handler saw: headers and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::bytes::{from_isomorphic, quoted};
use crate::vector::Expectation;
use crate::wire::RawResponse;

use super::{Mismatch, SHOWN, bytes, values};

#[derive(Deserialize)]
struct Echo {
    headers: Vec<(String, String)>,
    body_base64: String,
}

pub(super) fn check(expectation: &Expectation, answer: &RawResponse, found: &mut Vec<Mismatch>) {
    if expectation.seen.is_empty() && expectation.received.is_none() {
        return;
    }
    let echo = match serde_json::from_slice::<Echo>(&answer.body) {
        Ok(echo) => echo,
        Err(error) => {
            found.push(Mismatch {
                place: "body".into(),
                expected: "what /echo answers: JSON with `headers` and `body_base64`".into(),
                got: format!("{} ({error})", quoted(&answer.body, SHOWN)),
            });
            return;
        }
    };
    for (name, wanted) in &expectation.seen {
        // A character above U+00FF stands for no byte; it is shown as is and equals no expected value.
        let got: Vec<Vec<u8>> = echo
            .headers
            .iter()
            .filter(|(other, _)| other == name)
            .map(|(_, value)| from_isomorphic(value).unwrap_or_else(|_| value.clone().into_bytes()))
            .collect();
        let got: Vec<&[u8]> = got.iter().map(Vec::as_slice).collect();
        values(
            &format!("header {name} as the handler saw it"),
            wanted,
            &got,
            found,
        );
    }
    if let Some(wanted) = &expectation.received {
        match STANDARD.decode(&echo.body_base64) {
            Ok(got) => bytes("body as the handler got it", wanted, &got, found),
            Err(error) => found.push(Mismatch {
                place: "json /body_base64".into(),
                expected: "base64".into(),
                got: format!("{} ({error})", quoted(echo.body_base64.as_bytes(), SHOWN)),
            }),
        }
    }
}
