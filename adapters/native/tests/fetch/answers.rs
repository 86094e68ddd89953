//! What a handler gets of an answer. It must not know the inside of the adapter.

use std::io::Write as _;
use std::time::Duration;

use guru_core::http::ErrorKind;
use guru_core::{Body, Response};
use guru_native::fetch;

use crate::origin::{answering, is_closed, origin, read_head, said, taken};
use crate::{request, run};

/// The answer to a request, and its body where that is whole.
fn answered(method: &str, answer: &'static str) -> (Response, Result<String, ErrorKind>) {
    let (address, _received) = answering(answer.as_bytes());
    run(async {
        let mut answer = fetch().fetch(request(method, address)).await.unwrap();
        let body = answer.take_body();
        let (is_stream, size) = (body.is_stream(), body.size());
        let text = body.collect(99).await.map_err(|error| error.kind());
        if !is_stream {
            assert_eq!(size, Some(0));
        }
        let text = text.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        (answer, text)
    })
}

#[test]
fn an_answer_is_what_the_server_says() {
    for (method, answer, status, text) in [
        (
            "GET",
            "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok",
            201,
            "ok",
        ),
        (
            "GET",
            "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\nx: 1\r\n\r\n",
            404,
            "ab",
        ),
        (
            "GET",
            "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
            302,
            "",
        ),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n",
            200,
            "",
        ),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n",
            304,
            "",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\n\r\nto the end",
            200,
            "to the end",
        ),
    ] {
        let (answer, body) = answered(method, answer);
        assert_eq!((answer.status().as_u16(), body), (status, Ok(text.into())));
    }
}

#[test]
fn headers_are_bytes_with_repeats_and_nothing_is_undone() {
    let head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\ncontent-encoding: gzip\r\nx: é\r\ncontent-length: 2\r\n\r\nok";
    let (answer, body) = answered("GET", head);
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").collect();
    assert_eq!(cookies, [&b"a=1"[..], b"b=2"]);
    assert_eq!(answer.headers().get_str("content-encoding"), Some("gzip"));
    assert_eq!(answer.headers().get_all("x").next(), Some("é".as_bytes()));
    assert_eq!(body, Ok("ok".into()));
}

#[test]
fn an_answer_that_breaks_off_is_broken() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx",
    ] {
        let (_, body) = answered("GET", answer);
        assert_eq!(body, Err(ErrorKind::BodyBroken), "{answer}");
    }
}

#[test]
fn an_answer_comes_as_it_is_read() {
    const SIZE: usize = 64 << 20;
    let (address, received) = origin(|_, stream| {
        read_head(stream);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        (taken(stream, SIZE), is_closed(stream))
    });
    run(async {
        let mut answer = fetch().fetch(request("GET", address)).await.unwrap();
        let mut body: Body = answer.take_body();
        assert_eq!(body.size(), Some(SIZE as u64));
        assert!(!body.chunk().await.unwrap().unwrap().is_empty());
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(body);
        let (taken, is_closed) = said(&received).await;
        // What two sockets hold of it.
        assert!(taken < SIZE / 3, "{taken} bytes were taken");
        assert!(is_closed);
    });
}
