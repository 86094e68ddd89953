//! The server over real sockets: what is below requests, which the conformance vectors cannot say.
//! It must not know the inside of the server.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports by panicking"
)]

use std::collections::{BTreeSet, HashSet};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::{Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use guru_core::{App, Context, Request, Response, Result};
use guru_local::{Error, Format, Options, Server};

fn app() -> App {
    App::new()
        .get("/ok", ok)
        .get("/slow/{name}/{milliseconds}", slow)
        .get("/worker", worker)
        .get("/panic", panic)
        .post("/length", length)
}

async fn ok(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::text("ok"))
}

/// The names of the slow requests that have begun.
static BEGUN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

async fn slow(_cx: Context, req: Request) -> Result<Response> {
    // Not `Send`, and held while waiting.
    let held = Rc::new("done");
    BEGUN.lock().unwrap().insert(req.param("name")?);
    tokio::time::sleep(Duration::from_millis(req.param("milliseconds")?)).await;
    Ok(Response::text(*held))
}

fn wait_for(name: &str) {
    while !BEGUN.lock().unwrap().contains(name) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

async fn worker(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::text(
        std::thread::current().name().unwrap().to_owned(),
    ))
}

async fn panic(_cx: Context, _req: Request) -> Result<Response> {
    panic!("a secret")
}

async fn length(_cx: Context, mut req: Request) -> Result<Response> {
    Ok(Response::text(req.bytes().await?.len().to_string()))
}

struct Running {
    address: SocketAddr,
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Running {
    fn start(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        (options.port, options.log) = (0, Format::None);
        change(&mut options);
        let server = Server::bind(app, options).unwrap();
        let address = server.address();
        let (stop, stopped) = mpsc::channel();
        let run = move || server.run_until(move || stopped.recv().unwrap());
        Self {
            address,
            stop,
            thread: Some(std::thread::spawn(run)),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    }

    /// Sends bytes on a connection of their own and reads all until the server closes.
    fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        read_all(&mut stream)
    }

    fn stop(&mut self) -> Result<(), Error> {
        self.stop.send(()).unwrap();
        self.thread.take().unwrap().join().unwrap()
    }
}

fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8(answer).unwrap(),
    }
}

/// Reads one answer of which the whole body is `body`.
fn read_until(stream: &mut TcpStream, body: &str) -> String {
    let mut answer = String::new();
    let mut piece = [0; 1024];
    while !answer.ends_with(body) {
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "closed after {answer:?}");
        answer += std::str::from_utf8(&piece[..count]).unwrap();
    }
    answer
}

fn assert_error(answer: &str, status: &str, error: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status}")),
        "{answer:?}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("content-type: application/json"),
        "{answer:?}"
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["status"], "error");
    assert!(body["error"].as_str().unwrap().contains(error), "{body}");
    assert!(body["request_id"].is_string());
}

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
fn http2_over_cleartext_is_served() {
    use http_body_util::{BodyExt, Empty};
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let server = Running::start(|_| {});
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address)
            .await
            .unwrap();
        let io = TokioIo::new(stream);
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                .await
                .unwrap();
        tokio::spawn(connection);
        let request = |path: &str| {
            let uri = format!("http://{}{path}", server.address);
            http::Request::get(uri)
                .body(Empty::<bytes::Bytes>::new())
                .unwrap()
        };
        // The slow one is answered last though it was asked first: streams do not wait for another.
        let slow = sender.send_request(request("/slow/stream/300"));
        let crashed = sender.send_request(request("/panic")).await.unwrap();
        assert_eq!(crashed.status(), 500);
        let quick = sender.send_request(request("/ok")).await.unwrap();
        assert_eq!(quick.version(), http::Version::HTTP_2);
        assert_eq!(quick.into_body().collect().await.unwrap().to_bytes(), "ok");
        assert_eq!(slow.await.unwrap().status(), 200);
    });
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
            "POST /length HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".into(),
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
        &server.ask(b"POST /length HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc"),
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
    let close = "POST /length HTTP/1.1\r\nconnection: close\r\n";
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
    busy.write_all(b"GET /slow/busy/1000 HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    wait_for("busy");
    server.stop().unwrap();
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
    let mut busy = server.connect();
    busy.write_all(b"GET /slow/late/60000 HTTP/1.1\r\nhost: a\r\n\r\n")
        .unwrap();
    wait_for("late");
    let error = server.stop().unwrap_err();
    assert_eq!(error.kind(), guru_local::ErrorKind::Unfinished);
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
