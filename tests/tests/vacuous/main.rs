//! No vector is vacuous: each is played against servers that respond wrongly on purpose, and none passes. The same holds for each
//! of its documented differences, with right responses to all other exchanges.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says that it failed by panicking, its helpers too"
)]

mod made;

use conformance::play::{Terms, play};
use conformance::vector::{Body, Exchange, Expectation, Vector, suite};
use conformance::wire::Endpoint;
use made::Maker;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

fn answer(status: u64, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Canned\r\ncontent-type: text/canned\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

/// Sends one response on each connection, whose end follows its beginning after `pause`, and waits until the client closes it.
fn serve(stream: &mut TcpStream, bytes: &[u8], pause: Duration) {
    let mut buffer = [0; 65536];
    let mut seen = Vec::new();
    while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => seen.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let (bytes, end) = bytes.split_at(bytes.len() - usize::from(!pause.is_zero()));
    let _ = stream.write_all(bytes);
    std::thread::sleep(pause);
    let _ = stream.write_all(end);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

/// Plays `vector` on a target with these `differences` against a server that gives these responses, in the order of the
/// exchanges. Returns the mismatches, if any.
fn played(vector: &Vector, differences: &[&str], answers: &[Vec<u8>]) -> Option<String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let one = Vector {
        copies: vec![exchanges(vector)],
        finally: Vec::new(),
        ..vector.clone()
    };
    let differences: Vec<String> = differences.iter().map(|&name| name.into()).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for index in 0.. {
                let (mut stream, _) = listener.accept().unwrap();
                let exchange = one.copies[0].get(index);
                // Longer than is demanded: what is measured begins when the client has read, and that can be late.
                let pause = exchange.map_or(0, |exchange| 2 * exchange.expect.lasts);
                match answers.get(index) {
                    Some(answer) => serve(&mut stream, answer, Duration::from_millis(pause)),
                    None => return,
                }
            }
        });
        let played = play(
            &one,
            &Endpoint::at(address),
            Terms {
                differences: &differences,
                lost: None,
            },
            Duration::from_secs(10),
        );
        // Each exchange used at most one connection; the remaining ones let the server finish.
        for _ in 0..=answers.len() {
            let _ = TcpStream::connect(address);
        }
        let mut wrong = played.records.iter().flat_map(|record| &record.mismatches);
        (!played.passed()).then(|| wrong.next().map(ToString::to_string).unwrap_or_default())
    })
}

/// A kind of wrong response, and how to make it for a status.
type Canned = (&'static str, fn(u64) -> Vec<u8>);

/// Responses that are wrong for any request, given the expected status.
const CANNED: [Canned; 6] = [
    ("200 with a text", |_| answer(200, "canned")),
    ("404 with an empty object", |_| answer(404, "{}")),
    ("500 with an empty object", |_| answer(500, "{}")),
    ("the right status with no body", |status| answer(status, "")),
    ("the right status with an empty object", |status| {
        answer(status, "{}")
    }),
    ("the right status with an error that leaks", |status| {
        answer(
            status,
            r#"{"status":"error","error":"canned: n headers status body_base64 panicked","request_id":""}"#,
        )
    }),
];

/// A response that ends before its end.
const BROKEN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nhalf";

/// What is expected of an exchange on a target with the `difference`.
fn demanded<'a>(exchange: &'a Exchange, difference: &str) -> &'a Expectation {
    exchange.differs.get(difference).unwrap_or(&exchange.expect)
}

/// The exchanges of one copy, and those after all of them.
fn exchanges(vector: &Vector) -> Vec<Exchange> {
    [&*vector.copies[0], &*vector.finally].concat()
}

/// A response to each exchange of `vector` that is right on a target with the `difference`.
fn right(vector: &Vector, difference: &str, maker: &mut Maker) -> Vec<Vec<u8>> {
    let exchanges = exchanges(vector);
    exchanges
        .iter()
        .enumerate()
        .map(|(index, exchange)| {
            let wanted = demanded(exchange, difference);
            let whole = maker.answer(wanted, index, exchange.send.is_head());
            if exchange.breaks && !exchange.differs.contains_key(difference) {
                return BROKEN.to_vec();
            }
            whole
        })
        .collect()
}

#[test]
fn no_vector_accepts_a_canned_answer() {
    let mut maker = Maker::new();
    for vector in suite().unwrap() {
        for (what, canned) in CANNED {
            let answers: Vec<_> = exchanges(&vector)
                .iter()
                .map(|exchange| canned(maker.status(&exchange.expect)))
                .collect();
            assert!(
                played(&vector, &[], &answers).is_some(),
                "`{}` passes with {what}: it demands too little",
                vector.name
            );
        }
    }
}

/// Otherwise the other tests could pass for any reason.
#[test]
fn every_vector_accepts_an_answer_made_for_it() {
    let mut maker = Maker::new();
    for vector in suite().unwrap() {
        let answers = right(&vector, "", &mut maker);
        assert_eq!(played(&vector, &[], &answers), None, "{}", vector.name);
    }
}

/// On a target with the difference, each exchange that differs gets a wrong response while all others get right ones.
#[test]
fn no_difference_accepts_what_it_is_not() {
    let mut maker = Maker::new();
    let mut count = 0;
    let mut complaints = Vec::new();
    for vector in suite().unwrap() {
        let differences: BTreeSet<&str> = vector.differences().collect();
        for difference in differences {
            let answers = right(&vector, difference, &mut maker);
            let found = played(&vector, &[difference], &answers);
            assert_eq!(found, None, "{} with {difference}", vector.name);
            for (index, exchange) in exchanges(&vector).iter().enumerate() {
                if let Some(differs) = exchange.differs.get(difference) {
                    count += 1;
                    let refuses = |wrong: Vec<u8>| {
                        let mut answers = answers.clone();
                        answers[index] = wrong;
                        played(&vector, &[difference], &answers).is_some()
                    };
                    let mut contracts = || {
                        let maker = maker.another();
                        maker.answer(&exchange.expect, index, exchange.send.is_head())
                    };
                    // Where a difference fixes what the contract leaves open, some of the contract's responses also satisfy the
                    // difference.
                    let is_other = (0..60).any(|_| refuses(contracts()));
                    let accepted = wrong(exchange, differs, maker.status(differs));
                    let accepted = accepted
                        .into_iter()
                        .filter(|(_, wrong)| !refuses(wrong.clone()));
                    let mut accepted: Vec<_> = accepted.map(|(what, _)| what).collect();
                    if !is_other {
                        accepted.push("whatever the contract accepts");
                    }
                    if !accepted.is_empty() {
                        complaints.push(format!(
                            "`{}`, exchange {index}: `{difference}` accepts {}",
                            vector.name,
                            accepted.join(" and ")
                        ));
                    }
                }
            }
        }
    }
    assert!(count > 80, "only {count} differences were found");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Wrong responses to an exchange that `differs`, with a status that is right or one that is never expected.
fn wrong(exchange: &Exchange, differs: &Expectation, status: u64) -> Vec<(&'static str, Vec<u8>)> {
    let canned = CANNED.map(|(what, canned)| (what, head_of(canned(status), exchange)));
    let mut wrong = Vec::from(canned);
    // An empty response is right only where the difference is that there is no content.
    let is_nothing = |body: &Body| body.bytes().is_empty();
    if !differs.body.as_ref().is_some_and(is_nothing) {
        let nothing = format!("HTTP/1.1 {status} Nothing\r\ncontent-length: 0\r\n\r\n");
        wrong.push(("nothing but its status", nothing.into_bytes()));
    }
    wrong
}

/// The response as sent to HEAD, if the request was one.
fn head_of(answer: Vec<u8>, exchange: &Exchange) -> Vec<u8> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    match end.filter(|_| exchange.send.is_head()) {
        Some(end) => answer[..end + 4].to_vec(),
        None => answer,
    }
}
