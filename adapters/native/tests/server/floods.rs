//! Floods of frames over HTTP/2: whoever sends one loses its connection, or is not read any more, and others are served.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::Running;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `GET / http a`, of HPACK's static table.
const GET: [u8; 6] = [0x82, 0x86, 0x84, 0x41, 1, b'a'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn connect(server: &Running, settings: &[u8]) -> TcpStream {
    let mut stream = server.connect();
    stream.write_all(PREFACE).unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, settings)).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    stream
}

/// Sends until the server has had enough: how many bytes it took.
fn pour(stream: &mut TcpStream, mut next: impl FnMut() -> Vec<u8>, most: usize) -> usize {
    let mut sent = 0;
    while sent < most {
        // Many frames a write, or it is the client that takes the time.
        let bytes: Vec<u8> = (0..100).flat_map(|_| next()).collect();
        match stream.write(&bytes) {
            Ok(count) if count == bytes.len() => sent += count,
            _ => break,
        }
    }
    sent
}

/// Whether the server has said that it is enough, or is gone.
fn is_ended(stream: &mut TcpStream) -> bool {
    let mut all = Vec::new();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    match stream.read_to_end(&mut all) {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => true,
        Err(_) => {
            let is_goaway = |head: &[u8]| head[..3] == [0, 0, 8] && head[3] == GOAWAY;
            all.windows(9).any(is_goaway)
        }
    }
}

fn assert_serves(server: &Running) {
    let began = Instant::now();
    let answer = server.ask(b"GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(answer.ends_with("ok"), "{answer}");
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

/// CVE-2023-44487.
#[test]
fn streams_that_are_reset_at_once() {
    let server = Running::start(|_| {});
    let mut stream = connect(&server, &[]);
    let mut id = 1;
    let next = || {
        let mut frames = frame(HEADERS, END_STREAM | END_HEADERS, id, &GET);
        frames.extend(frame(RST_STREAM, 0, id, &[0, 0, 0, 8]));
        id += 2;
        frames
    };
    pour(&mut stream, next, 20_000_000);
    assert!(is_ended(&mut stream));
    assert_serves(&server);
}

/// CVE-2024-27316 and its like.
#[test]
fn a_head_that_never_ends() {
    let server = Running::start(|_| {});
    let mut stream = connect(&server, &[]);
    stream
        .write_all(&frame(HEADERS, END_STREAM, 1, &GET))
        .unwrap();
    // A header that is not indexed: `x` with 100 bytes.
    let field = [&[0, 1, b'x', 100][..], &[b'y'; 100]].concat().repeat(100);
    let most = 100_000_000;
    let sent = pour(&mut stream, || frame(CONTINUATION, 0, 1, &field), most);
    assert!(sent < most, "all {sent} bytes were taken");
    assert!(is_ended(&mut stream));
    assert_serves(&server);
}

/// CVE-2019-9512 and CVE-2019-9515: what is owed to a client that does not read must not pile up.
#[test]
fn frames_that_want_an_answer_which_nobody_reads() {
    let server = Running::start(|_| {});
    for (kind, payload) in [(PING, &[0; 8][..]), (SETTINGS, &[])] {
        let mut stream = connect(&server, &[]);
        let most = 100_000_000;
        let sent = pour(&mut stream, || frame(kind, 0, 0, payload), most);
        assert!(sent < most, "all {sent} bytes of frames {kind} were taken");
        assert_serves(&server);
    }
}

/// CVE-2019-9517.
#[test]
fn answers_that_nobody_takes() {
    let server = Running::start(|options| options.limits.read = Duration::from_millis(500));
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    let mut stream = connect(&server, &[0, 4, 0, 0, 0, 0]);
    for id in (1..200).step_by(2) {
        let mut block = vec![0x82, 0x86, 0x41, 1, b'a', 0x04, 3];
        block.extend(b"/ok");
        stream
            .write_all(&frame(HEADERS, END_STREAM | END_HEADERS, id, &block))
            .unwrap();
    }
    let began = Instant::now();
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert_serves(&server);
}
