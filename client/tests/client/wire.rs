//! What is sent, and what is made of what comes back. It must not know the inside of the client.

use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_client::{Body, Client, ErrorKind};
use http::HeaderValue;
use http_body::Frame;
use http_body_util::BodyExt as _;

use crate::origin::{answering, origin, read_request};
use crate::{get, request, run, text, whole};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Content of a size that is not said before, each chunk of which is asked for twice: hyper writes what it has in between.
struct Unsized(Vec<Result<&'static str, &'static str>>, bool);

impl http_body::Body for Unsized {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = (!self.0.is_empty()).then(|| self.0.remove(0));
        Poll::Ready(next.map(|made| match made {
            Ok(text) => Ok(Frame::data(text.into())),
            Err(error) => Err(error.into()),
        }))
    }
}

fn chunks(chunks: &[Result<&'static str, &'static str>]) -> Body {
    Unsized(chunks.to_vec(), false).boxed_unsync()
}

#[test]
fn a_request_is_sent_as_it_is_and_nothing_else() {
    let (address, received) = answering(OK);
    let mut sent = request("pUrGe~'1", address);
    *sent.uri_mut() = format!("http://{address}//a%20b|c?q=[~]&r=%FF")
        .parse()
        .unwrap();
    let headers = sent.headers_mut();
    headers.append("x", HeaderValue::from_bytes(b"\xff\xe9 a").unwrap());
    headers.append("host", HeaderValue::from_static("elsewhere"));
    headers.append("x", HeaderValue::from_static(""));
    headers.append("a", HeaderValue::from_static("1"));
    headers.append("x", HeaderValue::from_static("2, 3"));
    assert_eq!(
        run(async { text(Client::new().send(sent).await.unwrap()).await }),
        Ok("ok".into())
    );
    let mut wanted =
        format!("pUrGe~'1 //a%20b|c?q=[~]&r=%FF HTTP/1.1\r\nhost: {address}\r\n").into_bytes();
    wanted.extend(b"x: \xff\xe9 a\r\nx: \r\nx: 2, 3\r\na: 1\r\n\r\n");
    assert_eq!(received.recv().unwrap(), wanted);
}

#[test]
fn content_is_framed_by_what_is_known_of_it() {
    let length = |text: &str| format!("content-length: {}\r\n\r\n{text}", text.len());
    let (no_content, chunked) = ("\r\n".to_owned(), "transfer-encoding: chunked\r\n\r\n");
    let twice = format!("{chunked}1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
    for (method, body, wanted) in [
        ("GET", whole(b""), &no_content),
        ("DELETE", whole(b""), &no_content),
        ("PURGE", whole(b""), &no_content),
        ("POST", whole(b""), &length("")),
        ("PUT", whole(b""), &length("")),
        ("PATCH", whole(b""), &length("")),
        ("POST", whole(b"abc"), &length("abc")),
        ("GET", whole(b"abc"), &length("abc")),
        ("DELETE", whole(b"abc"), &length("abc")),
        ("POST", chunks(&[Ok("a"), Ok(""), Ok("bc")]), &twice),
        ("GET", chunks(&[Ok("a"), Ok("bc")]), &twice),
        ("POST", chunks(&[]), &format!("{chunked}0\r\n\r\n")),
    ] {
        let (address, received) = answering(OK);
        let mut sent = request(method, address).map(|_| body);
        // The caller's own is not believed.
        sent.headers_mut()
            .append("transfer-encoding", HeaderValue::from_static("gzip"));
        run(Client::new().send(sent)).unwrap();
        let received = String::from_utf8(received.recv().unwrap()).unwrap();
        assert_eq!(
            received,
            format!("{method} / HTTP/1.1\r\nhost: {address}\r\n{wanted}")
        );
    }
}

#[test]
fn a_length_of_the_callers_counts_where_the_size_is_not_known() {
    for (body, said, wanted) in [
        (
            chunks(&[Ok("a"), Ok("bc")]),
            "3",
            "content-length: 3\r\n\r\nabc",
        ),
        (whole(b"abc"), "7", "content-length: 3\r\n\r\nabc"),
        (
            chunks(&[Ok("a")]),
            "many",
            "transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        ),
    ] {
        let (address, received) = answering(OK);
        let mut sent = request("GET", address).map(|_| body);
        sent.headers_mut()
            .append("content-length", HeaderValue::from_static(said));
        run(Client::new().send(sent)).unwrap();
        let received = String::from_utf8(received.recv().unwrap()).unwrap();
        assert_eq!(
            received,
            format!("GET / HTTP/1.1\r\nhost: {address}\r\n{wanted}")
        );
    }
}

#[test]
fn content_that_breaks_off_never_looks_complete() {
    for (length, wanted) in [(None, "1\r\na\r\n"), (Some("3"), "a")] {
        let (address, received) = origin(|_, stream| read_request(stream));
        let mut sent = request("POST", address).map(|_| chunks(&[Ok("a"), Err("no more")]));
        if let Some(length) = length {
            sent.headers_mut()
                .append("content-length", HeaderValue::from_static(length));
        }
        let error = run(Client::new().send(sent)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Broken, "{error}");
        assert!(error.to_string().contains("no more"), "{error}");
        let received = String::from_utf8(received.recv().unwrap()).unwrap();
        let (_, content) = received.split_once("\r\n\r\n").unwrap();
        assert_eq!(content, wanted);
    }
}

#[test]
fn an_answer_is_what_the_server_says() {
    for (answer, status, body) in [
        (
            "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok",
            201,
            "ok",
        ),
        (
            "HTTP/1.1 301 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
            301,
            "",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        ("HTTP/1.1 200 OK\r\n\r\nto the end", 200, "to the end"),
        ("HTTP/1.0 200 OK\r\n\r\nof old", 200, "of old"),
        (
            "HTTP/1.1 299 Anything goes\r\nx: folded\r\n  line\r\ncontent-length: 1\r\n\r\na",
            299,
            "a",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n1\r\na\r\n0\r\nx: 1\r\n\r\n",
            200,
            "a",
        ),
    ] {
        let (address, _received) = answering(answer.as_bytes());
        run(async {
            let answer = get(&Client::new(), &format!("http://{address}/"))
                .await
                .unwrap();
            assert_eq!(answer.status(), status);
            assert_eq!(text(answer).await, Ok(body.into()));
        });
    }
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: 1\r\n".repeat(500));
    let (address, _received) = answering(many.leak().as_bytes());
    let answer = run(get(&Client::new(), &format!("http://{address}/"))).unwrap();
    assert_eq!(answer.headers().len(), 500);
}

#[test]
fn no_answer_is_told_from_one() {
    for (answer, problem) in [
        ("", "before its answer"),
        ("HTTP/1.1 200 OK\r\ncontent-le", "before its answer"),
        ("HTTP/1.1 103 Early Hints\r\n\r\n", "before its answer"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "is not HTTP"),
        ("HTTP/1.1 200 OK\r\nx\r\n\r\n", "is not HTTP"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na",
            "is not HTTP",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            "switched",
        ),
    ] {
        let (address, _received) = answering(answer.as_bytes());
        let error = run(get(&Client::new(), &format!("http://{address}/secret"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Broken, "{answer}: {error}");
        let message = error.to_string();
        assert!(message.contains(problem), "{answer}: {message}");
        assert!(message.contains(&address.to_string()), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_not_a_short_one() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nx\r\n",
    ] {
        let (address, _received) = answering(answer.as_bytes());
        run(async {
            let answered = get(&Client::new(), &format!("http://{address}/"))
                .await
                .unwrap();
            let problem = text(answered).await.unwrap_err();
            assert!(!problem.is_empty(), "{answer}");
        });
    }
}

#[test]
fn what_is_no_request_is_not_sent() {
    for (method, uri) in [
        ("GET", "/path"),
        ("GET", "ftp://example.com/"),
        ("GET", "http://user@example.com/"),
        ("CONNECT", "http://example.com/"),
    ] {
        let mut sent = request(method, ([127, 0, 0, 1], 1).into());
        *sent.uri_mut() = uri.parse().unwrap();
        let error = run(Client::new().send(sent)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

#[test]
fn a_head_that_comes_in_pieces_is_one() {
    let (address, _received) = origin(|_, stream| {
        read_request(stream);
        for byte in OK {
            stream.write_all(&[*byte]).unwrap();
        }
    });
    run(async {
        let answer = get(&Client::new(), &format!("http://{address}/"))
            .await
            .unwrap();
        assert_eq!(text(answer).await, Ok("ok".into()));
    });
}

#[test]
fn more_headers_than_there_is_room_for_are_refused() {
    let (address, received) = answering(OK);
    let mut repeated = request("GET", address);
    for _ in 0..40_000 {
        repeated
            .headers_mut()
            .append("x", HeaderValue::from_static("1"));
    }
    run(Client::new().send(repeated)).unwrap();
    let received = String::from_utf8(received.recv().unwrap()).unwrap();
    assert_eq!(received.matches("x: 1\r\n").count(), 40_000);
    let mut different = request("GET", address);
    for number in 0..24_576 {
        let name: http::HeaderName = format!("x-{number}").parse().unwrap();
        different
            .headers_mut()
            .append(name, HeaderValue::from_static("1"));
    }
    let error = run(Client::new().send(different)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}
