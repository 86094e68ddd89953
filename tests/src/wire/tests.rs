//! The wire against servers that misbehave.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

const LIMIT: Duration = Duration::from_secs(5);

fn whole(bytes: &[u8]) -> Message {
    Message {
        bytes: bytes.to_vec(),
        first: None,
    }
}

/// A server for a single connection.
fn server<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (
        address,
        std::thread::spawn(move || serve(listener.accept().unwrap().0)),
    )
}

/// Reads one request without a body.
fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

/// How the client parses `bytes`, sent in response to a GET and followed by the end of the connection.
fn answer_to(bytes: &'static [u8], is_head: bool) -> Result<RawResponse, Failure> {
    let (address, serving) = server(move |mut stream| {
        request(&mut stream);
        stream.write_all(bytes).unwrap();
    });
    let mut connection = Connection::open(&Endpoint::at(address), LIMIT).unwrap();
    let answer = connection.exchange(&whole(b"GET / HTTP/1.1\r\n\r\n"), is_head, LIMIT);
    serving.join().unwrap();
    answer
}

fn refused(bytes: &'static [u8]) -> String {
    answer_to(bytes, false).unwrap_err().to_string()
}

#[test]
fn headers_keep_order_case_multiplicity_and_bytes() {
    let answer = answer_to(b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nX: \xff\xc3\r\nset-cookie: b, c\r\nempty:\r\ncontent-length: 2\r\n\r\nok", false).unwrap();
    assert_eq!(answer.headers[0], (b"Set-Cookie".to_vec(), b"a".to_vec()));
    assert_eq!(answer.values("SET-COOKIE"), [b"a".as_slice(), b"b, c"]);
    assert_eq!(answer.values("x"), [b"\xff\xc3"]);
    assert_eq!(answer.values("empty"), [b""]);
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, b"ok".as_slice())
    );
}

#[test]
fn every_framing_is_read() {
    let chunked = answer_to(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n", false).unwrap();
    assert_eq!(chunked.body, b"abc0123456789");
    assert_eq!(chunked.trailers, [(b"x-sum".to_vec(), b"1".to_vec())]);
    assert!(chunked.keep_alive);
    let until_close = answer_to(b"HTTP/1.1 200 OK\r\n\r\nabc", false).unwrap();
    assert_eq!(until_close.body, b"abc");
    assert!(!until_close.keep_alive);
    let interim = answer_to(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", false).unwrap();
    assert_eq!(
        (interim.status, interim.interim.as_slice()),
        (200, [100, 103].as_slice())
    );
    for (bytes, is_head) in [
        (b"HTTP/1.1 204 No Content\r\n\r\n".as_slice(), false),
        (
            b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
            false,
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", true),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            true,
        ),
    ] {
        assert_eq!(answer_to(bytes, is_head).unwrap().body, b"");
    }
}

#[test]
fn a_body_where_none_may_be_is_found() {
    for (bytes, is_head) in [
        (b"HTTP/1.1 204 No Content\r\n\r\nbody".as_slice(), false),
        (
            b"HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nbody",
            false,
        ),
        (b"HTTP/1.1 304 Not Modified\r\n\r\nbody", false),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody", true),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxbody", false),
    ] {
        assert_eq!(
            answer_to(bytes, is_head).unwrap().surplus,
            b"body",
            "{}",
            quoted(bytes, 99)
        );
    }
}

#[test]
fn framing_mistakes_are_errors_that_say_what_came() {
    for (bytes, reason) in [
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\nx"
                .as_slice(),
            "both content-length and transfer-encoding",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\nx",
            "2 content-length headers",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\nx",
            "content-length is \"+1\"",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nx",
            "only chunked was allowed for",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "no chunk size",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
            "not with CR LF",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff0\r\na",
            "in the middle of its answer",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
            "in the middle of its answer",
        ),
        (b"SSH-2.0-x\r\n\r\n", "not HTTP/1.1"),
    ] {
        let said = refused(bytes);
        assert!(said.contains(reason), "wanted {reason:?}, got {said:?}");
        assert!(said.contains("bytes had come back: \""), "{said}");
    }
    let silent = answer_to(b"", false).unwrap_err();
    assert!(
        silent.silent && silent.to_string().contains("without an answer"),
        "{silent}"
    );
}

#[test]
fn a_server_that_never_answers_meets_the_deadline() {
    let (address, serving) = server(|mut stream| {
        request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").unwrap();
        let _ = stream.read(&mut [0]);
    });
    let mut connection = Connection::open(&Endpoint::at(address), LIMIT).unwrap();
    let failure = connection
        .exchange(
            &whole(b"GET / HTTP/1.1\r\n\r\n"),
            false,
            Duration::from_millis(60),
        )
        .unwrap_err();
    assert!(
        failure.to_string().contains("no whole answer within 60ms"),
        "{failure}"
    );
    assert!(failure.to_string().contains("content-le"), "{failure}");
    drop(connection);
    serving.join().unwrap();
}

#[test]
fn an_answer_before_the_whole_body_was_sent_is_read() {
    let (address, serving) = server(|mut stream| {
        request(&mut stream);
        stream
            .write_all(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig")
            .unwrap();
        // The rest of the body is not read, so the client's further writes get a connection reset.
    });
    let mut message = b"POST / HTTP/1.1\r\ncontent-length: 20000000\r\n\r\n".to_vec();
    message.resize(20_000_000, b'A');
    let mut connection = Connection::open(&Endpoint::at(address), LIMIT).unwrap();
    let answer = connection.exchange(&whole(&message), false, LIMIT).unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (413, b"big".as_slice())
    );
    assert!(
        !connection.is_open(),
        "a connection with half a request on it cannot be used again"
    );
    serving.join().unwrap();
}

#[test]
fn a_server_that_sends_much_while_it_reads_little_does_not_block() {
    let (address, serving) = server(|mut stream| {
        request(&mut stream);
        let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 8000000\r\n\r\n".to_vec();
        answer.resize(answer.len() + 8_000_000, b'x');
        stream.write_all(&answer).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        rest.len()
    });
    let mut message = b"POST / HTTP/1.1\r\ncontent-length: 8000000\r\n\r\n".to_vec();
    let head = message.len();
    message.resize(head + 8_000_000, b'A');
    let mut connection = Connection::open(&Endpoint::at(address), LIMIT).unwrap();
    assert_eq!(
        connection
            .exchange(&whole(&message), false, LIMIT)
            .unwrap()
            .body
            .len(),
        8_000_000
    );
    drop(connection);
    assert!(serving.join().unwrap() <= 8_000_000);
}

#[test]
fn a_message_is_what_the_vector_says_and_no_more() {
    let address = "127.0.0.1:9".parse().unwrap();
    let mut endpoint = Endpoint::at(address);
    let encoded = |request: serde_json::Value, endpoint: &Endpoint| {
        crate::bytes::to_isomorphic(
            &encode(&serde_json::from_value(request).unwrap(), endpoint).bytes,
        )
    };
    let plain = serde_json::json!({"method": "get", "target": "/a/../%2f?", "headers": [["X-A", "1"], ["x-a", "\u{ff}"], ["e", ""]]});
    assert_eq!(
        encoded(plain, &endpoint),
        "get /a/../%2f? HTTP/1.1\r\nhost: 127.0.0.1:9\r\nX-A: 1\r\nx-a: \u{ff}\r\ne: \r\n\r\n"
    );
    let own = serde_json::json!({"method": "POST", "target": "/", "headers": [["Host", "h"], ["Content-Length", "2"]], "text": "ok"});
    assert_eq!(
        encoded(own, &endpoint),
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"
    );
    endpoint.prefix = "/stage".into();
    let chunked = serde_json::json!({"method": "POST", "target": "/x", "headers": [["host", "h"]], "text": "abcde", "chunked": true});
    assert_eq!(
        encoded(chunked, &endpoint),
        "POST /stage/x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n1\r\ne\r\n0\r\n\r\n"
    );
}

#[test]
fn a_url_is_taken_apart() {
    let endpoint = Endpoint::parse("http://127.0.0.1:81/prod/").unwrap();
    assert_eq!(
        (endpoint.authority.as_str(), endpoint.prefix.as_str()),
        ("127.0.0.1:81", "/prod")
    );
    assert_eq!(Endpoint::parse("http://127.0.0.1").unwrap().prefix, "");
    assert!(
        Endpoint::parse("ftp://example.com")
            .unwrap_err()
            .to_string()
            .contains("begins with http:// or https://")
    );
}

#[test]
fn a_transfer_is_broken_only_where_the_connection_ends_within_it() {
    let broken = |bytes| answer_to(bytes, false).unwrap_err().broken;
    for bytes in [
        b"HTTP/1.1 206 Partial Content\r\ncontent-length: 3\r\n\r\nab".as_slice(),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 206 Partial Content\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
    ] {
        assert_eq!(broken(bytes).unwrap().status, 206, "{bytes:?}");
    }
    for bytes in [
        b"HTTP/1.1 100 Continue\r\n\r\n".as_slice(),
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
    ] {
        assert_eq!(broken(bytes), None, "{bytes:?}");
    }
    // A server that stops sending breaks nothing off: its client waits.
    let (address, serving) = server(|mut stream| {
        request(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab")
            .unwrap();
        let _ = stream.read(&mut [0]);
    });
    let mut connection = Connection::open(&Endpoint::at(address), LIMIT).unwrap();
    let limit = Duration::from_millis(200);
    let failure = connection.exchange(&whole(b"GET / HTTP/1.1\r\n\r\n"), false, limit);
    assert_eq!(failure.unwrap_err().broken, None);
    drop(connection);
    serving.join().unwrap();
}

#[test]
fn the_rest_of_a_request_is_held_until_the_answer_has_begun() {
    let (address, serving) = server(|mut stream| {
        request(&mut stream);
        let mut first = [0; 4];
        stream.read_exact(&mut first).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let early = stream.read(&mut [0; 1]).is_ok();
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na";
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut rest = [0; 2];
        stream.read_exact(&mut rest).unwrap();
        stream.write_all(b"b").unwrap();
        (early, rest)
    });
    let message = Message {
        first: Some("GET / HTTP/1.1\r\n\r\nfour".len()),
        ..whole(b"GET / HTTP/1.1\r\n\r\nfour+2")
    };
    let endpoint = Endpoint::at(address);
    let mut connection = Connection::open(&endpoint, LIMIT).unwrap();
    let answer = connection.exchange(&message, false, LIMIT).unwrap();
    assert_eq!(answer.body, b"ab");
    assert_eq!(serving.join().unwrap(), (false, *b"+2"));
}
