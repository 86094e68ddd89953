//! Which heads are taken over HTTP/1.1, on the wire.

use crate::support::{Running, assert_error};

/// RFC 9112, sections 3.2 and 6.1; RFC 9110, section 9.3.6.
#[test]
fn heads_that_no_server_may_take_are_refused() {
    let server = Running::start(|_| {});
    let cases = [
        ("GET /ok HTTP/1.1\r\n", "400", "`host` is missing"),
        (
            "GET /ok HTTP/1.1\r\nhost: a\r\nhost: a\r\n",
            "400",
            "`host` is there more than once",
        ),
        (
            "GET /ok HTTP/1.1\r\nhost: evil/echo\r\n",
            "400",
            "`host` is not",
        ),
        ("GET /ok HTTP/1.1\r\nhost: x?y=\r\n", "400", "`host` is not"),
        ("GET /ok HTTP/1.1\r\nhost: u@h\r\n", "400", "`host` is not"),
        (
            "GET http://u@h/ok HTTP/1.1\r\nhost: h\r\n",
            "400",
            "authority",
        ),
        ("CONNECT /ok HTTP/1.1\r\nhost: a\r\n", "400", "tunnel"),
        ("CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n", "400", "tunnel"),
        (
            "POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n",
            "501",
            "transfer coding gzip",
        ),
    ];
    for (head, status, error) in cases {
        let body = if head.contains("chunked") {
            "0\r\n\r\n"
        } else {
            ""
        };
        let answer = server.ask(format!("{head}connection: close\r\n\r\n{body}").as_bytes());
        assert_error(&answer, status, error);
    }
}

#[test]
fn heads_that_a_server_must_take_are_taken() {
    let server = Running::start(|_| {});
    for (head, body) in [
        ("GET /ok HTTP/1.0\r\n", "ok"),
        ("GET /ok HTTP/1.1\r\nhost:\r\n", "ok"),
        ("GET http://b/ok HTTP/1.1\r\nhost: a\r\n", "ok"),
        ("GET /query?q=1 HTTP/1.1\r\nhost: a\r\n", "/query?q=1 a"),
        (
            "GET http://b:1/query?q=1 HTTP/1.1\r\nhost: a\r\n",
            "/query?q=1 b:1",
        ),
        // An empty path is `/` (RFC 9110, section 4.2.3).
        ("GET http://b?q=1 HTTP/1.1\r\nhost: a\r\n", "/?q=1 b"),
    ] {
        let answer = server.ask(format!("{head}connection: close\r\n\r\n").as_bytes());
        assert!(
            answer.contains(" 200 OK\r\n") && answer.ends_with(&format!("\r\n\r\n{body}")),
            "{head}: {answer}"
        );
        assert!(answer.contains("\r\ndate: "), "{answer}");
    }
}
