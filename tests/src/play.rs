//! Plays one vector against a running function: its exchanges in order, its copies concurrently.

use serde::Serialize;
use std::sync::Barrier;
use std::time::Duration;

use crate::bytes::quoted;
use crate::check::{Mismatch, check};
use crate::driver::Lost;
use crate::vector::{Exchange, Request, Vector};
use crate::wire::{Connection, Endpoint, Failure, RawResponse, describe, encode};

/// How much of a body a record keeps.
const KEPT: usize = 1500;

/// The result of playing a vector.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Played {
    /// The exchanges of the first copy, and of the copies that failed.
    pub records: Vec<Record>,
    /// The documented difference that was expected in place of the contract, if any.
    pub difference: Option<String>,
    /// How many requests were sent again, see [`Lost`].
    pub again: usize,
}

/// What is known of the target that a vector is played against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms<'a> {
    /// Its documented differences.
    pub differences: &'a [String],
    /// The answer of its vendor's development proxy to a request that it has lost.
    pub lost: Option<&'a Lost>,
}

/// The record of one exchange.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// The number of the copy it belongs to, where several ran concurrently.
    pub copy: usize,
    /// The request in one line.
    pub sent: String,
    /// The response, or why there is none.
    pub received: String,
    /// The expectations that it did not meet.
    pub mismatches: Vec<Mismatch>,
}

impl Played {
    /// Whether every expectation was met.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.records
            .iter()
            .all(|record| record.mismatches.is_empty())
    }
}

/// Plays `vector` against `endpoint`, of whose target `terms` are known. `limit` is the timeout of each exchange.
#[must_use]
pub fn play(vector: &Vector, endpoint: &Endpoint, terms: Terms<'_>, limit: Duration) -> Played {
    let barrier = Barrier::new(vector.copies.len());
    let mut copies: Vec<(Vec<Record>, usize)> = std::thread::scope(|scope| {
        let running: Vec<_> = vector
            .copies
            .iter()
            .enumerate()
            .map(|(number, exchanges)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    Player::new(endpoint, terms, limit, number).play(exchanges)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    if !vector.finally.is_empty() {
        let last = Player::new(endpoint, terms, limit, vector.copies.len());
        copies.push(last.play(&vector.finally));
    }
    let again = copies.iter().map(|(_, again)| again).sum();
    let mut copies: Vec<Vec<Record>> = copies.into_iter().map(|(records, _)| records).collect();
    let failed = |records: &Vec<Record>| records.iter().any(|record| !record.mismatches.is_empty());
    let mut first = true;
    copies.retain(|records| std::mem::take(&mut first) || failed(records));
    Played {
        records: copies.into_iter().flatten().collect(),
        difference: vector
            .differences()
            .find(|name| terms.differences.iter().any(|known| known == name))
            .map(str::to_owned),
        again,
    }
}

struct Player<'a> {
    endpoint: &'a Endpoint,
    terms: Terms<'a>,
    limit: Duration,
    copy: usize,
    again: usize,
    connection: Option<Connection>,
    answers: Vec<RawResponse>,
    /// What later requests have of these, by name.
    kept: Vec<(String, Vec<u8>)>,
}

impl<'a> Player<'a> {
    fn new(endpoint: &'a Endpoint, terms: Terms<'a>, limit: Duration, copy: usize) -> Self {
        Self {
            endpoint,
            terms,
            limit,
            copy,
            again: 0,
            connection: None,
            answers: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn play(mut self, exchanges: &[Exchange]) -> (Vec<Record>, usize) {
        let mut records = Vec::new();
        for exchange in exchanges {
            let send = exchange.send.with_kept(&self.kept);
            let sent = describe(&send, self.endpoint);
            let mut differences = self.terms.differences.iter();
            let differs = differences.find_map(|name| exchange.differs.get(name));
            let breaks = exchange.breaks && differs.is_none();
            match self.arrived(&send) {
                Err(
                    ref failure @ Failure {
                        broken: Some(ref head),
                        ..
                    },
                ) if breaks => {
                    records.push(Record {
                        copy: self.copy,
                        sent,
                        received: failure.to_string(),
                        mismatches: check(&exchange.expect, head, &self.answers),
                    });
                    self.answers.push(RawResponse::clone(head));
                }
                Ok(answer) if breaks => {
                    records.push(Record {
                        copy: self.copy,
                        sent,
                        received: show(&answer),
                        mismatches: vec![Mismatch {
                            place: "the transfer".into(),
                            expected: "one that breaks off".into(),
                            got: "one that ends well".into(),
                        }],
                    });
                    self.answers.push(answer);
                }
                Err(failure) => {
                    records.push(Record {
                        copy: self.copy,
                        sent,
                        received: String::new(),
                        mismatches: vec![Mismatch {
                            place: format!("the exchange with {}", self.endpoint.authority),
                            expected: "an answer".into(),
                            got: failure.to_string(),
                        }],
                    });
                    break;
                }
                Ok(answer) => {
                    let expectation = differs.unwrap_or(&exchange.expect);
                    records.push(Record {
                        copy: self.copy,
                        sent,
                        received: show(&answer),
                        mismatches: check(expectation, &answer, &self.answers),
                    });
                    self.keep(exchange, &answer);
                    self.answers.push(answer);
                }
            }
        }
        (records, self.again)
    }

    /// Keeps what later requests have of an answer. One that lacks it fails for them.
    fn keep(&mut self, exchange: &Exchange, answer: &RawResponse) {
        for (name, place) in &exchange.keeps {
            let found = if place.starts_with('/') {
                let json = serde_json::from_slice(&answer.body);
                let json: Option<serde_json::Value> = json.ok();
                let text = json.and_then(|json| Some(json.pointer(place)?.as_str()?.to_owned()));
                text.map(String::into_bytes)
            } else {
                answer.values(place).first().map(|value| value.to_vec())
            };
            self.kept.extend(found.map(|value| (name.clone(), value)));
        }
    }

    /// The answer to a request that has arrived at the runtime.
    fn arrived(&mut self, send: &Request) -> Result<RawResponse, Failure> {
        let answer = self.exchange(send)?;
        if !self.terms.lost.is_some_and(|lost| lost.is(&answer)) {
            return Ok(answer);
        }
        self.again += 1;
        self.connection = None;
        self.exchange(send)
    }

    fn exchange(&mut self, send: &Request) -> Result<RawResponse, Failure> {
        std::thread::sleep(Duration::from_millis(send.pause));
        let message = encode(send, self.endpoint);
        let is_head = send.is_head();
        if send.fresh {
            self.connection = None;
        }
        if let Some(kept) = self
            .connection
            .as_mut()
            .filter(|connection| connection.is_open())
        {
            match kept.exchange(&message, is_head, self.limit) {
                // A server may close an idle connection at any time; the request is then sent again on a new one (RFC 9112
                // section 9.3.1).
                Err(failure) if failure.silent => {}
                done => return done,
            }
        }
        let connection = self
            .connection
            .insert(Connection::open(self.endpoint, self.limit)?);
        connection.exchange(&message, is_head, self.limit)
    }
}

/// The response for display.
fn show(answer: &RawResponse) -> String {
    let mut text = format!("{} {}\n", answer.status, answer.reason);
    for (name, value) in &answer.headers {
        text.push_str(&format!(
            "{}: {}\n",
            quoted(name, 80).trim_matches('"'),
            quoted(value, 300).trim_matches('"')
        ));
    }
    text.push_str(&match answer.body.len() {
        0 => "(no body)".to_owned(),
        length => format!("({length} bytes) {}", quoted(&answer.body, KEPT)),
    });
    text
}
