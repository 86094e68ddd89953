//! A function that fetches: what its handler's end, its crash and its client mean for what it has asked for. It must not
//! know the inside of the server.

use std::cell::Cell;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;
use std::time::{Duration, Instant};

use guru_core::app::Handler;
use guru_core::http::{Chunks, Error, Url};
use guru_core::ports::FetchRequest;
use guru_core::{App, Body, Context, Fetch, Method, Request, Response, Result};

use crate::support::{Running, assert_error, read_until};

fn app() -> App {
    App::new()
        .get("/fetched/{port}", fetched)
        .post("/passed/{port}", passed)
        .get("/crash/{port}", stream(|| panic!("a secret")))
        .get(
            "/loop/{port}",
            stream(|| {
                loop {
                    std::hint::black_box(0);
                }
            }),
        )
}

fn origin(cx: &Context) -> Fetch {
    Fetch::new(cx, &["http://127.0.0.1:*"], guru_native::fetch)
}

fn url(req: &Request) -> Result<String> {
    Ok(format!("http://127.0.0.1:{}/", req.param::<u16>("port")?))
}

async fn fetched(cx: Context, req: Request) -> Result<Response> {
    Ok(origin(&cx).get(&url(&req)?).await?)
}

async fn passed(cx: Context, mut req: Request) -> Result<Response> {
    let url = url(&req)?;
    Ok(origin(&cx).post(&url, req.take_body()).await?)
}

/// Sends a stream that does this when it is asked for its second chunk. Answers how many requests its instance has had.
fn stream(then: fn() -> ()) -> impl Handler {
    let count = Rc::new(Cell::new(0));
    move |cx: Context, req: Request| {
        let count = Rc::clone(&count);
        async move {
            count.set(count.get() + 1);
            let port: u16 = req.param("port")?;
            if port > 0 {
                let url = Url::parse(&url(&req)?)?;
                let body = Body::stream(Then(false, then));
                let sent = FetchRequest::new(Method::POST, url).with_body(body);
                origin(&cx).send(sent).await?;
            }
            Ok(Response::text(format!("{}}}", count.get())))
        }
    }
}

struct Then(bool, fn() -> ());

impl Chunks for Then {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<std::result::Result<bytes::Bytes, Error>>> {
        if std::mem::replace(&mut self.0, true) {
            (self.1)();
        }
        Poll::Ready(Some(Ok("chunk".into())))
    }
}

/// Serves each connection on a thread of its own, and passes on all that it sends, once it is closed.
fn serving(answer: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            std::thread::spawn(move || sender.send(serve(stream.unwrap(), answer)));
        }
    });
    (address, receiver)
}

fn serve(mut stream: TcpStream, answer: &str) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 1024];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
        if all.ends_with(b"\r\n\r\n") && !all.ends_with(b": chunked\r\n\r\n") {
            stream.write_all(answer.as_bytes()).unwrap();
        }
    }
    String::from_utf8(all).unwrap()
}

const OK: &str = "HTTP/1.1 200 OK\r\nx: 1\r\ncontent-length: 2\r\n\r\nok";

fn start() -> Running {
    Running::of(app, |options| {
        options.workers = 1.try_into().unwrap();
        options.limits.idle = Duration::from_millis(500);
    })
}

fn get(path: &str, port: u16) -> Vec<u8> {
    format!("GET /{path}/{port} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").into_bytes()
}

#[test]
fn a_worker_keeps_its_connections() {
    let mut server = start();
    let (origin, received) = serving(OK);
    for _ in 0..3 {
        let answer = server.ask(&get("fetched", origin.port()));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("\r\nx: 1\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    }
    server.stop().unwrap();
    let request = format!("GET / HTTP/1.1\r\nhost: {origin}\r\naccept-encoding: identity\r\n\r\n");
    let all = received.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(all, request.repeat(3), "on one connection");
}

#[test]
fn nobody_there_is_a_502() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_error(&start().ask(&get("fetched", port)), "502", "bad gateway");
}

#[test]
fn an_upload_is_passed_on_as_it_comes() {
    let server = start();
    let (origin, received) = serving(OK);
    let head = format!("POST /passed/{} HTTP/1.1\r\nhost: a\r\n", origin.port());
    let mut stream = server.connect();
    let sent = format!("{head}transfer-encoding: chunked\r\n\r\n");
    stream.write_all(sent.as_bytes()).unwrap();
    for chunk in ["1\r\na\r\n", "2\r\nbc\r\n", "0\r\n\r\n"] {
        std::thread::sleep(Duration::from_millis(50));
        stream.write_all(chunk.as_bytes()).unwrap();
    }
    assert!(read_until(&mut stream, "ok").starts_with("HTTP/1.1 200 OK"));
    drop((stream, server));
    let all = received.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(
        all.ends_with("\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
        "{all}"
    );
}

#[test]
fn a_client_that_breaks_off_breaks_off_what_is_passed_on() {
    let server = start();
    let (origin, received) = serving(OK);
    let head = format!("POST /passed/{} HTTP/1.1\r\nhost: a\r\n", origin.port());
    for framing in [
        "transfer-encoding: chunked\r\n\r\n5\r\nab",
        "content-length: 5\r\n\r\nab",
    ] {
        let mut stream = server.connect();
        stream
            .write_all((head.clone() + framing).as_bytes())
            .unwrap();
        std::thread::sleep(Duration::from_millis(100));
        drop(stream);
        let all = received.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(all.ends_with("ab") || all.ends_with("2\r\nab\r\n"), "{all}");
    }
}

#[test]
fn a_handler_that_is_stopped_ends_what_it_asked_for() {
    let server = Running::of(app, |options| {
        options.limits.time = Some(Duration::from_millis(300));
    });
    let (origin, received) = serving("");
    let answer = server.ask(&get("fetched", origin.port()));
    assert_error(&answer, "504", "gateway timeout");
    // The connection is closed, and not only with the server.
    let all = received.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(all.starts_with("GET / "), "{all}");
}

#[test]
fn a_stream_that_crashes_while_it_is_sent_costs_one_request() {
    let server = start();
    let (origin, received) = serving(OK);
    for (port, wanted) in [(0, "1}"), (0, "2}"), (origin.port(), "500"), (0, "1}")] {
        let answer = server.ask(&get("crash", port));
        if wanted == "500" {
            assert_error(&answer, "500", "internal server error");
            assert!(!answer.contains("secret"), "{answer}");
        } else {
            assert!(answer.ends_with(wanted), "{answer}");
        }
    }
    // The server has not got it as if it were whole.
    let all = received.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(all.ends_with("5\r\nchunk\r\n"), "{all}");
}

#[test]
fn a_stream_that_never_comes_back_is_given_up() {
    let server = Running::of(app, |options| {
        options.workers = 1.try_into().unwrap();
        options.limits.time = Some(Duration::from_millis(500));
    });
    let (origin, _received) = serving(OK);
    let began = Instant::now();
    let answer = server.ask(&get("loop", origin.port()));
    assert!(began.elapsed() < Duration::from_secs(8));
    if cfg!(target_os = "linux") {
        assert_error(&answer, "504", "gateway timeout");
    }
    assert!(server.ask(&get("loop", 0)).ends_with("1}"));
}
