//! A vector: requests, the expected responses, and why. The format is described in `tests/vectors/README.md`.
//!
//! A vector must not name a vendor: what a target cannot do is a named difference, and the drivers declare which they have.

mod body;
mod expectation;
mod files;
mod matcher;
mod request;

pub use body::{Body, Repeat};
pub use expectation::Expectation;
pub use files::{SKIPS, from_text, suite};
pub use matcher::{Matcher, OneValue, Values};
pub use request::Request;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;
use std::time::SystemTime;

use crate::origin;

/// The points of the portable contract, in order.
pub const POINTS: [&str; 12] = [
    "Method", "Path", "Query", "Headers", "Body", "Status", "Crash", "Identity", "Errors", "State",
    "Streams", "Ports",
];

/// What stands for the authority of the suite's origin.
const ORIGIN: &str = "{origin}";

/// What stands for digits that no other run has, for what a target keeps between two.
const RUN: &str = "{run}";

/// The point whose cases inspect an instance's state.
const STATE: u8 = 10;

/// The function that a vector drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Function {
    /// The test function: reports what a handler sees and responds as instructed.
    #[default]
    Probe,
    /// The example.
    Meditations,
    /// Typical mistakes in functions, and the parts of the standard library that functions may call.
    Faults,
}

impl Function {
    /// The function's name, which is also that of its package.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Meditations => "meditations",
            Self::Faults => "faults",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// One case.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Vector {
    /// Unique; begins with the file's name: `headers/empty-value`.
    pub name: String,
    /// The point of the portable contract that it tests, one of [`POINTS`], from 1.
    pub point: u8,
    /// Why the case exists, in one line.
    pub why: String,
    /// The behaviour that would break it, in one line, with its source.
    pub evidence: String,
    /// The function that it drives.
    pub function: Function,
    /// Whether it needs the suite's origin, which only a target on this machine reaches.
    pub fetches: bool,
    /// The exchanges of each copy. There is one copy, or as many as run concurrently, each with its own number for `{n}`.
    pub copies: Vec<Vec<Exchange>>,
    /// What is exchanged once all copies are done.
    pub finally: Vec<Exchange>,
    /// The port that it is about, which a target may lack.
    pub port: Option<String>,
}

/// A request and the expected response.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What is sent.
    pub send: Request,
    /// The expected response.
    pub expect: Expectation,
    /// What of the answer later requests have where they say `{kept:NAME}`: a JSON pointer, or the name of a header.
    #[serde(default)]
    pub keeps: BTreeMap<String, String>,
    /// Whether the answer must break off after its head: then `expect` is of an answer that never comes whole.
    #[serde(default)]
    pub breaks: bool,
    /// What must come back instead on a target that has the named, documented difference.
    #[serde(default)]
    pub differs: BTreeMap<String, Expectation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    point: u8,
    why: String,
    evidence: String,
    #[serde(default)]
    function: Function,
    concurrent: Option<usize>,
    port: Option<String>,
    exchanges: Vec<Value>,
    #[serde(default)]
    finally: Vec<Value>,
}

impl TryFrom<Raw> for Vector {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let copies = (0..raw.concurrent.unwrap_or(1))
            .map(|number| copy(&raw.exchanges, raw.concurrent.map(|_| number)))
            .collect::<Result<Vec<_>, _>>()?;
        let fetches = raw
            .exchanges
            .iter()
            .any(|it| it.to_string().contains(ORIGIN));
        let vector = Self {
            fetches,
            name: raw.name,
            point: raw.point,
            why: raw.why,
            evidence: raw.evidence,
            function: raw.function,
            copies,
            finally: copy(&raw.finally, None)?,
            port: raw.port,
        };
        vector.sound()?;
        Ok(vector)
    }
}

impl Vector {
    /// Validates what the types cannot.
    fn sound(&self) -> Result<(), String> {
        if !(1..=POINTS.len()).contains(&usize::from(self.point)) {
            return Err(format!(
                "point {} is not in the portable contract, which has 1 to {}",
                self.point,
                POINTS.len()
            ));
        }
        for (what, text) in [("why", &self.why), ("evidence", &self.evidence)] {
            if text.trim().len() < 12 || text.contains('\n') {
                return Err(format!("`{what}` is one full line, not {text:?}"));
            }
        }
        if self.copies.first().is_none_or(Vec::is_empty) {
            return Err("no exchange: nothing would be checked".into());
        }
        let lists = self.copies.iter().chain([&self.finally]);
        for (index, exchange) in lists.flat_map(|copy| copy.iter().enumerate()) {
            for expectation in exchange.differs.values().chain([&exchange.expect]) {
                if expectation
                    .refers_to()
                    .is_some_and(|earlier| earlier >= index)
                {
                    return Err(format!(
                        "exchange {index} has a $differs_from that is not an earlier exchange"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether it applies to every function that does not have a catch-all route.
    #[must_use]
    pub fn is_generic(&self) -> bool {
        self.name.starts_with("generic/")
    }

    /// Whether it makes a handler crash.
    #[must_use]
    pub fn crashes(&self) -> bool {
        let mut exchanges = self.copies.iter().flatten();
        let crash = b"crash=1";
        exchanges.any(|Exchange { send, .. }| {
            send.path().ends_with(b"/panic")
                || send.target.windows(crash.len()).any(|part| part == crash)
        })
    }

    /// Whether it inspects an instance's state, which any other request would change.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.point == STATE
    }

    /// The names of the differences that this vector refers to.
    pub fn differences(&self) -> impl Iterator<Item = &str> {
        self.copies
            .iter()
            .flatten()
            .flat_map(|exchange| exchange.differs.keys().map(String::as_str))
    }
}

/// The exchanges, with `{n}` replaced by the copy's number, and `{origin}` by the origin's authority.
fn copy(exchanges: &[Value], number: Option<usize>) -> Result<Vec<Exchange>, String> {
    exchanges
        .iter()
        .enumerate()
        .map(|(index, exchange)| {
            let mut exchange = exchange.clone();
            if let Some(number) = number {
                put_in(&mut exchange, "{n}", &number.to_string());
            }
            put_in(&mut exchange, RUN, run());
            if exchange.to_string().contains(ORIGIN) {
                put_in(&mut exchange, ORIGIN, &origin::address().to_string());
            }
            serde_path_to_error::deserialize(exchange)
                .map_err(|error| format!("exchanges[{index}].{}: {}", error.path(), error.inner()))
        })
        .collect()
}

/// The milliseconds at which this run began.
fn run() -> &'static str {
    static RUN: LazyLock<String> = LazyLock::new(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap_or_default().as_millis().to_string()
    });
    &RUN
}

/// Replaces a placeholder in every string of `value`, but not in member names.
fn put_in(value: &mut Value, placeholder: &str, text: &str) {
    match value {
        Value::String(string) => *string = string.replace(placeholder, text),
        Value::Array(values) => {
            let each = values.iter_mut();
            each.for_each(|value| put_in(value, placeholder, text));
        }
        Value::Object(members) => {
            let each = members.values_mut();
            each.for_each(|value| put_in(value, placeholder, text));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
