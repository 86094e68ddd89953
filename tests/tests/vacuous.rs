//! No vector is vacuous: each is played against servers that answer wrongly on purpose, and none passes.
//!
//! It must not know what any vector is about.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says that it failed by panicking, its helpers too"
)]

use conformance::play::play;
use conformance::vector::{Expectation, Matcher, Vector, suite};
use conformance::wire::Endpoint;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// A wrong answer, made for the exchange's place in its vector.
type Canned = dyn Fn(&Vector, usize) -> Vec<u8> + Sync;

fn answer(status: u64, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Canned\r\ncontent-type: text/canned\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

/// The status that the vector wants, so that only the rest can be wrong.
fn wanted(vector: &Vector, index: usize) -> u64 {
    let Expectation { status, .. } = &vector.copies[0][index % vector.copies[0].len()].expect;
    match status {
        Matcher::Equals(status) => status.as_u64().unwrap(),
        Matcher::OneOf(statuses) => statuses[0].as_u64().unwrap(),
        other => panic!("{}: no status can be made for {other}", vector.name),
    }
}

/// Answers each connection once and waits until the client has had enough.
fn serve(stream: &mut TcpStream, bytes: &[u8]) {
    let mut buffer = [0; 65536];
    let mut seen = Vec::new();
    while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => seen.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

/// Plays `vector` against a server that gives the canned answers, in the order of the exchanges.
fn passes(vector: &Vector, canned: &Canned) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let one = Vector {
        copies: vector.copies[..1].to_vec(),
        ..vector.clone()
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for index in 0.. {
                let (mut stream, _) = listener.accept().unwrap();
                match index < one.copies[0].len() {
                    true => serve(&mut stream, &canned(&one, index)),
                    false => return,
                }
            }
        });
        let passed = play(&one, &Endpoint::at(address), &[], Duration::from_secs(10)).passed();
        // Each exchange took one connection at most; the rest let the server reach its end.
        for _ in 0..=one.copies[0].len() {
            let _ = TcpStream::connect(address);
        }
        passed
    })
}

#[test]
fn no_vector_accepts_a_canned_answer() {
    let canned: [(&str, &Canned); 6] = [
        ("200 with a text", &|_, _| answer(200, "canned")),
        ("404 with an empty object", &|_, _| answer(404, "{}")),
        ("500 with an empty object", &|_, _| answer(500, "{}")),
        ("the right status with no body", &|vector, index| {
            answer(wanted(vector, index), "")
        }),
        ("the right status with an empty object", &|vector, index| {
            answer(wanted(vector, index), "{}")
        }),
        (
            "the right status with an error that leaks",
            &|vector, index| {
                answer(
                    wanted(vector, index),
                    r#"{"status":"error","error":"canned: n headers status body_base64 panicked","request_id":""}"#,
                )
            },
        ),
    ];
    for vector in suite().unwrap() {
        for (what, canned) in canned {
            assert!(
                !passes(&vector, canned),
                "`{}` passes with {what}: it demands too little",
                vector.name
            );
        }
    }
}
