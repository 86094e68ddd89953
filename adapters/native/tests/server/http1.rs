//! HTTP/1.1, limits, panics, starting and stopping. It must not know the inside of the server.

use std::collections::HashSet;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use guru_native::{Options, Server};

use crate::support::{Running, app, assert_error, read_all, read_until, wait_for};

#[test]
fn a_connection_serves_many_requests() {
    let server = Running::start(|_| {});
    let mut stream = server.connect();
    for _ in 0..3 {
        stream
            .write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n")
            .unwrap();
        assert!(read_until(&mut stream, "\r\n\r\nok").starts_with("HTTP/1.1 200 OK"));
    }
    stream
        .write_all(
            b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\nGET /slow/second/50 HTTP/1.1\r\nhost: a\r\n\r\n",
        )
        .unwrap();
    assert_eq!(
        read_until(&mut stream, "done")
            .matches("HTTP/1.1 200 OK")
            .count(),
        2
    );
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let server = Running::start(|options| options.limits.read = Duration::from_millis(300));
    let mut stream = server.connect();
    let body = "x".repeat(6_000_000);
    let head = format!(
        "POST /back HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    assert!(
        read.is_err() || answer.len() < body.len(),
        "all {} bytes came",
        answer.len()
    );
}

#[test]
fn more_headers_than_can_be_sent_are_a_500() {
    let server = Running::start(|_| {});
    let ask = |count| {
        server.ask(
            format!("GET /headers/{count} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                .as_bytes(),
        )
    };
    assert_eq!(ask(1000).matches("x-many: 1\r\n").count(), 1000);
    assert_error(&ask(40_000), "500", "internal server error");
}

#[test]
fn last_words_are_read_by_a_client_that_goes_on_sending() {
    let server = Running::start(|_| {});
    let long = "x".repeat(1_000_000);
    let answer = server.ask(format!("GET /ok HTTP/1.1\r\nx: {long}\r\n\r\n").as_bytes());
    assert_error(&answer, "431", "too large");
}

#[test]
fn what_is_not_http_is_told_so() {
    let server = Running::start(|options| options.limits.head = 8192);
    let long = "x".repeat(9000);
    for (sent, status, error) in [
        ("nonsense\r\n\r\n".into(), "400", "not HTTP"),
        (
            "GET /ok HTTP/1.1\r\nbad header\r\n\r\n".into(),
            "400",
            "not HTTP",
        ),
        ("GET /a b HTTP/1.1\r\n\r\n".into(), "400", "not HTTP"),
        (
            format!("GET /ok HTTP/1.1\r\nx: {long}\r\n\r\n"),
            "431",
            "too large",
        ),
        (
            format!("GET /ok HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(600)),
            "431",
            "too many",
        ),
        (
            "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\nconnection: close\r\n\r\n".into(),
            "400",
            "path",
        ),
        (
            "POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".into(),
            "400",
            "body",
        ),
    ] {
        assert_error(&server.ask(sent.as_bytes()), status, error);
    }
}

#[test]
fn a_bad_request_behind_a_good_one_is_told_so() {
    let server = Running::start(|_| {});
    let mut stream = server.connect();
    stream
        .write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    read_until(&mut stream, "\r\n\r\nok");
    stream.write_all(b"GET /ok\r\n\r\n").unwrap();
    assert_error(&read_all(&mut stream), "400", "not HTTP");
}

#[test]
fn slow_clients_are_told_so() {
    let server = Running::start(|options| options.limits.read = Duration::from_millis(200));
    assert_error(&server.ask(b"GET /ok HTTP/1.1\r\nho"), "408", "head");
    assert_error(
        &server.ask(b"POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc"),
        "408",
        "body",
    );
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let server = Running::start(|options| options.limits.idle = Duration::from_millis(500));
    assert_eq!(server.ask(b""), "");
    let mut stream = server.connect();
    stream
        .write_all(b"GET /slow/idle/1000 HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    let answer = read_all(&mut stream);
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"),
        "{answer:?}"
    );
}

#[test]
fn a_large_body_is_413_to_every_client() {
    let server = Running::start(|options| options.limits.body = Some(1000));
    let large = "x".repeat(3_000_000);
    let close = "POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    for sent in [
        format!("{close}content-length: 3000000\r\n\r\n{large}"),
        format!("{close}transfer-encoding: chunked\r\n\r\n2dc6c0\r\n{large}\r\n0\r\n\r\n"),
        // This client waits to be told to go on, and is not.
        format!("{close}expect: 100-continue\r\ncontent-length: 3000000\r\n\r\n"),
    ] {
        assert_error(&server.ask(sent.as_bytes()), "413", "content too large");
    }
    let fits = format!("{close}content-length: 1000\r\n\r\n{}", &large[..1000]);
    assert!(server.ask(fits.as_bytes()).ends_with("1000"));
}

#[test]
fn a_panic_costs_one_request() {
    let server = Running::start(|_| {});
    let mut stream = server.connect();
    stream
        .write_all(b"GET /panic HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    let answer = read_until(&mut stream, "}");
    assert_error(&answer, "500", "internal server error");
    assert!(!answer.contains("secret"));
    stream
        .write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    assert!(read_until(&mut stream, "ok").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn an_instance_lives_until_a_panic_and_leaves_nothing() {
    let server = Running::start(|options| options.workers = 1.try_into().unwrap());
    let mut stream = server.connect();
    // The bodies end as those of errors do.
    for (name, wanted) in [
        ("a", "\r\n\r\na}"),
        ("b", "\r\n\r\na b}"),
        ("panic", "}"),
        ("c", "\r\n\r\nc}"),
        ("panic", "}"),
        ("panic", "}"),
        ("d", "\r\n\r\nd}"),
    ] {
        write!(stream, "GET /kept/{name} HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        let answer = read_until(&mut stream, "}");
        assert!(answer.ends_with(wanted), "after {name}: {answer}");
        let is_crash = answer.starts_with("HTTP/1.1 500 ");
        assert_eq!(is_crash, name == "panic", "{answer}");
    }
}

#[test]
fn every_worker_serves() {
    let server = Running::start(|options| options.workers = 4.try_into().unwrap());
    let request = b"GET /worker HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut seen = HashSet::new();
    for _ in 0..1000 {
        let streams: Vec<_> = (0..16).map(|_| server.connect()).collect();
        for mut stream in streams {
            stream.write_all(request).unwrap();
            seen.insert(
                read_all(&mut stream)
                    .rsplit_once("\r\n")
                    .unwrap()
                    .1
                    .to_owned(),
            );
        }
        if seen.len() == 4 {
            return;
        }
    }
    panic!("only {seen:?} served");
}

#[test]
fn stopping_waits_for_requests_in_flight_and_takes_no_more() {
    let mut server = Running::start(|_| {});
    let mut idle = server.connect();
    idle.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    read_until(&mut idle, "\r\n\r\nok");
    let mut busy = server.connect();
    busy.write_all(b"GET /slow/busy/1500 HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    wait_for("busy");
    let address = server.address;
    let refused = std::thread::spawn(move || {
        // Refused while the slow request is still being answered, not only once it is.
        while TcpStream::connect(address).is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Instant::now()
    });
    server.stop().unwrap();
    assert!(refused.join().unwrap() + Duration::from_millis(100) < Instant::now());
    assert!(read_all(&mut busy).ends_with("done"));
    assert_eq!(read_all(&mut idle), "");
    assert_eq!(
        TcpStream::connect(server.address).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
}

#[test]
fn requests_that_outlast_the_grace_are_reported() {
    let mut server = Running::start(|options| options.limits.grace = Duration::from_millis(50));
    // Open and idle is not cut off.
    let mut idle = server.connect();
    idle.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    read_until(&mut idle, "\r\n\r\nok");
    let mut busy = server.connect();
    busy.write_all(b"GET /slow/late/60000 HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    wait_for("late");
    let error = server.stop().unwrap_err();
    assert_eq!(error.kind(), guru_native::ErrorKind::Unfinished);
    assert!(error.to_string().starts_with("1 connection"), "{error}");
}

#[test]
fn an_address_that_cannot_be_had_is_explained() {
    let server = Running::start(|_| {});
    let bind = |host: &str, port| {
        let mut options = Options::default();
        (options.host, options.port) = (host.into(), port);
        Server::bind(app, options).unwrap_err().to_string()
    };
    let taken = bind("127.0.0.1", server.address.port());
    assert!(taken.contains("choose another port with --port"), "{taken}");
    let elsewhere = bind("192.0.2.1", 0);
    assert!(
        elsewhere.contains("--host takes an address of this machine"),
        "{elsewhere}"
    );
}
