//! What one client may take of a server that others use too.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use crate::support::{Running, assert_error, read_all, read_until};

const OK: &[u8] = b"GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

fn assert_serves(server: &Running) {
    assert!(server.ask(OK).ends_with("\r\n\r\nok"));
}

#[test]
fn a_handler_that_waits_too_long_is_stopped() {
    let server = Running::start(|options| options.limits.time = Some(Duration::from_millis(200)));
    let mut stream = server.connect();
    stream
        .write_all(b"GET /slow/stopped/60000 HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    assert_error(&read_until(&mut stream, "}"), "504", "gateway timeout");
    stream.write_all(OK).unwrap();
    assert!(read_all(&mut stream).ends_with("\r\n\r\nok"));
}

/// A thread cannot be ended: others must not feel that it is there.
#[test]
fn a_handler_that_never_comes_back_costs_its_connections_alone() {
    let server = Running::start(|options| {
        options.workers = std::num::NonZero::<usize>::MIN;
        options.limits.time = Some(Duration::from_millis(300));
        // As much as one of them has: what a lost thread holds is given back.
        (options.limits.requests, options.limits.connections) = (1, 2);
    });
    let mut neighbour = server.connect();
    neighbour
        .write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    read_until(&mut neighbour, "\r\n\r\nok");
    for _ in 0..3 {
        let began = Instant::now();
        let answer = server.ask(b"GET /loop HTTP/1.1\r\nhost: a\r\n\r\n");
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{:?}",
            began.elapsed()
        );
        if cfg!(target_os = "linux") {
            assert_error(&answer, "504", "gateway timeout");
        }
        assert_serves(&server);
    }
    if cfg!(target_os = "linux") {
        // It was on the thread that was lost, and may come again.
        assert_eq!(read_all(&mut neighbour), "");
    }
}

#[test]
fn room_for_less_than_one_body_is_refused_at_start() {
    let mut options = guru_native::Options::default();
    (options.port, options.limits.in_flight) = (0, 65_536);
    let error = guru_native::Server::bind(crate::support::app, options).unwrap_err();
    assert!(error.to_string().contains("--in-flight"), "{error}");
}

/// The answer must not be lost with what the client still sends (RFC 9112, section 9.6).
#[test]
fn a_refusal_is_read_by_a_client_that_goes_on_sending() {
    let server = Running::start(|_| {});
    let body = "x".repeat(5_000_000);
    let head = "POST /length HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n";
    let sent = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    assert_error(&server.ask(sent.as_bytes()), "400", "`host`");
}

#[test]
fn a_server_whose_handler_never_comes_back_stops_all_the_same() {
    let mut server = Running::start(|options| {
        options.limits.time = None;
        options.limits.grace = Duration::from_millis(100);
    });
    let mut stream = server.connect();
    stream
        .write_all(b"GET /loop HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let error = server.stop().unwrap_err();
    assert_eq!(error.kind(), guru_native::ErrorKind::Unfinished);
}

#[test]
fn requests_at_once_are_limited() {
    let server = Running::start(|options| {
        options.workers = std::num::NonZero::<usize>::MIN;
        options.limits.requests = 2;
    });
    let mut busy: Vec<_> = (0..2).map(|_| server.connect()).collect();
    for (index, stream) in busy.iter_mut().enumerate() {
        let sent = format!("GET /slow/limited-{index}/4000 HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(sent.as_bytes()).unwrap();
        crate::support::wait_for(&format!("limited-{index}"));
    }
    let answer = server.ask(OK);
    assert_error(&answer, "503", "service unavailable");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    read_until(&mut busy[0], "done");
    assert_serves(&server);
}

#[test]
fn bytes_in_flight_are_limited() {
    let server = Running::start(|options| {
        (options.limits.in_flight, options.limits.body) = (100_000, Some(100_000));
    });
    let mut half = server.connect();
    half.write_all(b"POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 90001\r\n\r\n")
        .unwrap();
    half.write_all(&[b'x'; 90_000]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let head =
        "POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 50000\r\n\r\n";
    let sent = format!("{head}{}", "y".repeat(50_000));
    assert_error(&server.ask(sent.as_bytes()), "503", "service unavailable");
    half.write_all(b"x").unwrap();
    assert!(read_until(&mut half, "90001").starts_with("HTTP/1.1 200"));
    assert!(server.ask(sent.as_bytes()).ends_with("50000"));
}

#[test]
fn connections_are_limited() {
    let server = Running::start(|options| options.limits.connections = 3);
    let mut open: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = server.connect();
            stream
                .write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n")
                .unwrap();
            read_until(&mut stream, "\r\n\r\nok");
            stream
        })
        .collect();
    let answer = server.ask(b"");
    assert_error(&answer, "503", "too many connections");
    assert!(answer.contains("retry-after: 1"), "{answer}");
    open.pop();
    // Its end may not have been seen yet.
    let began = Instant::now();
    while server.ask(OK).contains(" 503 ") {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

/// As many as the system allows, up to ten thousand.
#[test]
fn thousands_of_idle_connections_keep_nobody_out() {
    let files = guru_server::raise_file_limit().unwrap_or(usize::MAX);
    let count = 10_000.min(files.saturating_sub(200) / 2);
    let server = Running::start(|_| {});
    let open: Vec<_> = (0..count).map(|_| server.connect()).collect();
    assert_serves(&server);
    let mut last = open.last().unwrap();
    last.write_all(OK).unwrap();
    let mut answer = String::new();
    last.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("ok"), "{count} connections: {answer}");
}
