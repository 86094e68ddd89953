//! The component that does wrong, served over plain HTTP by the program: what a client can do, and what it is told.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports by panicking"
)]

#[path = "support/mod.rs"]
mod support;

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The program, until this is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_guru-host"))
            .arg("serve")
            .arg(support::compiled())
            .args(["--port", "0", "--memory", "64"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self {
            address: address.to_owned(),
            child,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    }

    fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
            _ => String::from_utf8(answer).unwrap(),
        }
    }

    /// The error that comes back, of a server that goes on reading what the client still owes.
    fn error(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        String::from_utf8(answer).unwrap()
    }

    /// What it has logged, once it has been ended.
    fn log(mut self) -> String {
        self.child.kill().unwrap();
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn assert_error(answer: &str, status: &str, error: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer:?}"
    );
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["error", "request_id", "status"]);
    assert!(body["error"].as_str().unwrap().contains(error), "{body}");
}

#[test]
fn heads_are_taken_and_refused_as_on_the_native_server() {
    let server = Server::start(&[]);
    for (head, status, error) in [
        ("GET /ok HTTP/1.1\r\n", "400", "`host` is missing"),
        (
            "GET /ok HTTP/1.1\r\nhost: a\r\nhost: a\r\n",
            "400",
            "more than once",
        ),
        (
            "GET /ok HTTP/1.1\r\nhost: evil/echo\r\n",
            "400",
            "`host` is not",
        ),
        ("GET /ok HTTP/1.1\r\nhost: u@h\r\n", "400", "`host` is not"),
        ("CONNECT /ok HTTP/1.1\r\nhost: a\r\n", "400", "tunnel"),
        ("CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n", "400", "tunnel"),
        ("GET /a b HTTP/1.1\r\nhost: a\r\n", "400", "not HTTP"),
        (
            "GET /ok HTTP/1.1\r\nhost: a\r\nbad header\r\n",
            "400",
            "not HTTP",
        ),
        (
            "POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n",
            "501",
            "transfer coding gzip",
        ),
    ] {
        let body = if head.contains("chunked") {
            "0\r\n\r\n"
        } else {
            ""
        };
        let answer = server.ask(format!("{head}connection: close\r\n\r\n{body}").as_bytes());
        assert_error(&answer, status, error);
    }
    // Whether the body broke off is known to whoever reads it, and a function need not have.
    for chunks in ["zz\r\n", "3\r\nabc\r\nzz\r\n"] {
        let head =
            "POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked";
        let answer = server.ask(format!("{head}\r\n\r\n{chunks}").as_bytes());
        assert_error(&answer, "400", "body");
    }
    for (head, body) in [
        ("GET http://b?q=1 HTTP/1.1\r\nhost: a\r\n", ""),
        ("GET /named?q HTTP/1.1\r\nhost: a\r\n", "/named?q a host"),
        (
            "GET http://b/named HTTP/1.1\r\nhost: a\r\n",
            "/named b host",
        ),
        (
            "GET /named HTTP/1.1\r\nhost: a\r\nx-mine: 1\r\nconnection: x-mine\r\nx: 2\r\n",
            "/named a host x",
        ),
    ] {
        let answer = server.ask(format!("{head}connection: close\r\n\r\n").as_bytes());
        let status = if body.is_empty() { "404" } else { "200" };
        assert!(answer.contains(&format!(" {status} ")), "{head}: {answer}");
        assert!(answer.ends_with(body), "{head}: {answer}");
        assert!(answer.contains("\r\ndate: "), "{answer}");
    }
}

/// 408, whoever notices first: the one that waits for the next piece of the body, or the one that limits the function.
#[test]
fn a_client_that_stalls_is_told_so() {
    let body = b"POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc";
    let server = Server::start(&["--read-timeout", "1"]);
    assert_error(&server.error(body), "408", "body");
    assert_error(&server.ask(b"GET /ok HTTP/1.1\r\nho"), "408", "head");
    let server = Server::start(&["--time", "1"]);
    assert_error(&server.error(body), "408", "request timeout");
    assert_error(
        &server.ask(b"GET /loop HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
        "504",
        "gateway timeout",
    );
}

#[test]
fn what_goes_wrong_behind_the_head_is_in_the_log() {
    let server = Server::start(&["--time", "1"]);
    let mut stream = server.connect();
    stream
        .write_all(b"GET /stream/late HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    std::thread::sleep(Duration::from_millis(2500));
    let log = server.log();
    assert!(
        log.contains("the answer broke off: the function was stopped after 1."),
        "{log}"
    );
    assert!(log.contains("\"request_id\":\""), "{log}");
}

/// The client has its answer meanwhile; what it did not read takes the rest along.
#[test]
fn what_goes_on_after_the_answer_is_done_and_limited_and_logged() {
    let server = Server::start(&["--time", "1", "--instances", "1"]);
    let ask = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let mut answer = server.ask(request.as_bytes());
        // The one before keeps its place until it ends. That takes as long as this one waits for a place, or longer.
        for _ in 0..10 {
            if !answer.starts_with("HTTP/1.1 503 ") {
                break;
            }
            answer = server.ask(request.as_bytes());
        }
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    };
    for path in ["/after/well", "/after/late", "/after/panic", "/ok"] {
        ask(path);
    }
    let log = server.log();
    let lines: Vec<&str> = log.lines().collect();
    let at = |what: &str| {
        let mut found = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.contains(what));
        let (at, line) = found
            .next()
            .unwrap_or_else(|| panic!("no `{what}` in {log}"));
        assert!(line.contains("\"request_id\":\""), "{line}");
        assert!(found.next().is_none(), "`{what}` is there twice in {log}");
        at
    };
    let done = at("done after the answer");
    let late = at("what went on after the answer broke off: the function was stopped after");
    let crashed = at("what went on after the answer broke off: the function crashed");
    assert!(done < late && late < crashed, "{log}");
}

/// Requests are let go of by a server that stops once they have nothing to go on with.
#[cfg(unix)]
#[test]
fn a_server_that_stops_finishes_what_goes_on_after_answers() {
    let server = Server::start(&[]);
    let mut stream = server.connect();
    stream
        .write_all(b"GET /after/well HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    stream.read_exact(&mut [0; 15]).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let id = server.child.id().to_string();
    assert!(Command::new("kill").arg(id).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(1500));
    let log = server.log();
    assert!(log.contains("done after the answer"), "{log}");
}

#[test]
fn connections_are_limited() {
    let server = Server::start(&["--connections", "1"]);
    let mut open = server.connect();
    open.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    open.read_exact(&mut [0; 15]).unwrap();
    assert_error(&server.ask(b""), "503", "too many connections");
}

#[test]
fn a_port_that_is_taken_is_explained() {
    let server = Server::start(&[]);
    let (_, port) = server.address.rsplit_once(':').unwrap();
    let second = Command::new(env!("CARGO_BIN_EXE_guru-host"))
        .arg("serve")
        .arg(support::compiled())
        .args(["--port", port])
        .output()
        .unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(said.contains("choose another port with --port"), "{said}");
}
