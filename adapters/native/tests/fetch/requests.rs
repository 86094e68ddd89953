//! What a server gets of a request, and when. It must not know the inside of the adapter.

use std::io::Write as _;
use std::time::Duration;

use guru_core::Body;
use guru_core::http::Error;
use guru_core::ports::ErrorKind;
use guru_native::fetch;

use crate::origin::{answering, is_closed, origin, read_head, read_request, said};
use crate::{endless, repeated, request, run};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// What is received of a request with this body.
fn received(method: &str, body: impl Into<Body>) -> String {
    let (address, received) = answering(OK);
    let sent = request(method, address).with_body(body);
    run(async { fetch().fetch(sent).await }).unwrap();
    let received = String::from_utf8(received.recv().unwrap()).unwrap();
    received.replace(&address.to_string(), "origin")
}

#[test]
fn a_request_is_sent_as_it_is_and_nothing_else() {
    let (address, received) = answering(OK);
    let mut sent = request("get~'", address);
    for (name, value) in [
        ("x", &b"\xff\xe9"[..]),
        ("x", b""),
        ("a", b"1"),
        ("x", b"2"),
    ] {
        sent.headers_mut().append(name, value).unwrap();
    }
    run(async { fetch().fetch(sent).await }).unwrap();
    let mut wanted = format!("get~' / HTTP/1.1\r\nhost: {address}\r\n").into_bytes();
    wanted.extend(b"x: \xff\xe9\r\nx: \r\nx: 2\r\na: 1\r\n\r\n");
    assert_eq!(received.recv().unwrap(), wanted);
}

#[test]
fn any_token_is_a_method() {
    let all: String = (b'!'..=b'~')
        .map(char::from)
        .filter(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(*c))
        .collect();
    assert!(received(&all, "").starts_with(&format!("{all} / HTTP/1.1\r\n")));
}

#[test]
fn content_is_framed_by_what_is_known_of_it() {
    let head = |method| format!("{method} / HTTP/1.1\r\nhost: origin\r\n");
    let chunked = "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n2\r\nab\r\n0\r\n\r\n";
    for (method, body, wanted) in [
        ("GET", Body::empty(), "\r\n"),
        ("POST", Body::empty(), "content-length: 0\r\n\r\n"),
        ("POST", "abc".into(), "content-length: 3\r\n\r\nabc"),
        ("POST", Body::stream(repeated("ab", 2).0), chunked),
        ("GET", Body::stream(repeated("ab", 2).0), chunked),
        (
            "PUT",
            Body::sized_stream(4, repeated("ab", 2).0),
            "content-length: 4\r\n\r\nabab",
        ),
        (
            "PUT",
            Body::sized_stream(0, repeated("", 0).0),
            "content-length: 0\r\n\r\n",
        ),
        ("GET", Body::sized_stream(0, repeated("", 0).0), "\r\n"),
    ] {
        assert_eq!(received(method, body), head(method) + wanted);
    }
}

#[test]
fn content_that_breaks_off_never_looks_complete() {
    let broken = || {
        let (mut stream, _) = repeated("ab", 2);
        stream.ends_with = Some(Error::broken("no more"));
        stream
    };
    for (body, problem) in [
        (Body::stream(broken()), "no more"),
        (Body::sized_stream(6, broken()), "no more"),
        (Body::sized_stream(4, broken()), "no more"),
        (Body::sized_stream(6, repeated("ab", 2).0), "fewer bytes"),
        (Body::sized_stream(3, repeated("ab", 2).0), "more bytes"),
    ] {
        let (address, received) = origin(|_, stream| read_request(stream));
        let sent = request("POST", address).with_body(body);
        let error = run(async { fetch().fetch(sent).await }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Broken, "{error}");
        assert!(error.to_string().contains(problem), "{error}");
        let received = String::from_utf8(received.recv().unwrap()).unwrap();
        let (head, content) = received.split_once("\r\n\r\n").unwrap();
        let is_whole = match head.split_once("content-length: ") {
            Some((_, length)) => content.len() >= length.parse().unwrap(),
            None => content.ends_with("0\r\n\r\n"),
        };
        assert!(!is_whole, "{received}");
    }
}

#[test]
fn a_stream_is_not_polled_before_there_is_a_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (body, seen) = endless("ab");
    let error = run(async {
        fetch()
            .fetch(request("POST", address).with_body(body))
            .await
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Connect);
    assert_eq!(seen.made.get(), 0);
    assert!(seen.dropped.get());
}

#[test]
fn a_stream_is_made_as_the_server_takes_it() {
    const CHUNK: usize = 1 << 20;
    let (address, closed) = origin(|_, stream| {
        read_head(stream);
        std::thread::sleep(Duration::from_secs(2));
        is_closed(stream)
    });
    let (body, seen) = endless(vec![b'x'; CHUNK]);
    run(async {
        let port = fetch();
        let sent = port.fetch(request("POST", address).with_body(body));
        assert!(
            tokio::time::timeout(Duration::from_secs(1), sent)
                .await
                .is_err()
        );
        // What two sockets hold of it, and one that hyper writes.
        assert!(seen.made.get() < 16, "{} MiB were made", seen.made.get());
        // Dropping the future has cancelled it.
        assert!(said(&closed).await);
        assert!(seen.dropped.get());
    });
}

#[test]
fn the_next_chunk_is_made_once_the_one_before_is_written() {
    let (address, _) = origin(|_, stream| {
        read_head(stream);
        std::thread::sleep(Duration::from_secs(2));
    });
    // More than the sockets take: only this one is ever made.
    let (body, seen) = endless(vec![b'x'; 64 << 20]);
    run(async {
        let port = fetch();
        let sent = port.fetch(request("POST", address).with_body(body));
        assert!(
            tokio::time::timeout(Duration::from_millis(500), sent)
                .await
                .is_err()
        );
        assert_eq!(seen.made.get(), 1);
    });
}

#[test]
fn dropping_the_answer_ends_what_is_still_being_sent() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
        // Whoever has all of the answer wants no more of the request.
        "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (address, closed) = origin(move |_, stream| {
            read_head(stream);
            stream.write_all(answer.as_bytes()).unwrap();
            is_closed(stream)
        });
        let (body, seen) = endless("ab");
        run(async {
            let port = fetch();
            let sent = request("POST", address).with_body(body);
            let answer = port.fetch(sent).await.unwrap();
            if answer.body().is_stream() {
                // It goes on being sent while somebody has the answer.
                let made = seen.made.get();
                tokio::time::sleep(Duration::from_millis(50)).await;
                assert!(seen.made.get() > made);
            }
            drop(answer);
            assert!(said(&closed).await);
            assert!(seen.dropped.get());
        });
    }
}

#[test]
fn a_stream_and_its_answer_go_both_ways_at_once() {
    let (address, _) = origin(|_, stream| {
        read_head(stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na")
            .unwrap();
        // All of the request, and only then the rest of the answer.
        while !read_head(stream).ends_with(b"0\r\n\r\n") {}
        stream.write_all(b"b").unwrap();
    });
    let (stream, seen) = repeated("ab", 1000);
    run(async {
        let sent = request("POST", address).with_body(Body::stream(stream));
        let mut answer = fetch().fetch(sent).await.unwrap();
        let body = answer.take_body().collect(9).await;
        assert_eq!(body.unwrap(), "ab");
    });
    assert_eq!(seen.made.get(), 1000);
}
