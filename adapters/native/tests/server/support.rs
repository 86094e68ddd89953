//! What the tests of the server share: a function, a server that runs it, and a plain socket. It must
//! not know the inside of the server.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::{Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use guru_core::app::Handler;
use guru_core::{App, Context, Request, Response, Result};
use guru_native::{Error, Format, Options, Server};

pub(crate) fn app() -> App {
    App::new()
        .get("/ok", ok)
        .get("/slow/{name}/{milliseconds}", slow)
        .get("/worker", worker)
        .get("/loop", endless)
        .get("/", query)
        .get("/query", query)
        .get("/panic", panic)
        .get("/kept/{name}", kept())
        .post("/length", length)
        .post("/back", back)
        .get("/cookies", cookies)
        .get("/headers/{count}", headers)
        .get("/stream/{name}/{end}", stream)
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

pub(crate) fn wait_for(name: &str) {
    while !BEGUN.lock().unwrap().contains(name) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

async fn worker(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::text(
        std::thread::current().name().unwrap().to_owned(),
    ))
}

async fn endless(_cx: Context, _req: Request) -> Result<Response> {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

async fn query(_cx: Context, req: Request) -> Result<Response> {
    let host = req.headers().get_str("host").unwrap_or_default();
    Ok(Response::text(format!("{} {host}", req.uri())))
}

async fn panic(_cx: Context, _req: Request) -> Result<Response> {
    panic!("a secret")
}

/// What the requests of this instance have left; one named `panic` leaves its name and panics.
fn kept() -> impl Handler {
    let names = Rc::new(RefCell::new(Vec::new()));
    move |_cx: Context, req: Request| {
        let names = Rc::clone(&names);
        async move {
            let name: String = req.param("name")?;
            let is_last = name == "panic";
            names.borrow_mut().push(name);
            assert!(!is_last, "a secret");
            Ok(Response::text(format!("{}}}", names.borrow().join(" "))))
        }
    }
}

async fn length(_cx: Context, mut req: Request) -> Result<Response> {
    Ok(Response::text(req.bytes().await?.len().to_string()))
}

async fn back(_cx: Context, mut req: Request) -> Result<Response> {
    Ok(Response::text(req.bytes().await?))
}

/// The streams that were dropped before their end.
static LEFT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

struct Unfinished(String);

impl Drop for Unfinished {
    fn drop(&mut self) {
        LEFT.lock().unwrap().insert(std::mem::take(&mut self.0));
    }
}

/// A first chunk and, after a while, a second; then a good end, a bad one, or none.
async fn stream(cx: Context, req: Request) -> Result<Response> {
    let (name, end) = (req.param::<String>("name")?, req.param::<String>("end")?);
    let unfinished = Unfinished(name);
    Ok(Response::stream("text/plain", move |mut out| async move {
        out.send("first ").await?;
        cx.sleep(Duration::from_millis(100)).await;
        out.send("second").await?;
        match &*end {
            "well" => {}
            "badly" => return Err(guru_core::Error::new(guru_core::ErrorKind::Internal, "bad")),
            _ => loop {
                out.send(vec![b'x'; 64 * 1024]).await?;
            },
        }
        std::mem::forget(unfinished);
        Ok(())
    }))
}

/// Whether a stream of this name is dropped before its end, within a second.
pub(crate) async fn is_left(name: &str) -> bool {
    for _ in 0..500 {
        if LEFT.lock().unwrap().contains(name) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    false
}

async fn cookies(_cx: Context, req: Request) -> Result<Response> {
    let cookies: Vec<_> = req
        .headers()
        .get_all("cookie")
        .map(<[u8]>::to_vec)
        .collect();
    Ok(Response::text(cookies.join(&b'|')))
}

async fn headers(_cx: Context, req: Request) -> Result<Response> {
    let mut response = Response::text("many");
    for _ in 0..req.param::<usize>("count")? {
        response.headers_mut().append("x-many", "1")?;
    }
    Ok(response)
}

/// A server on a thread of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Running {
    pub(crate) fn start(change: impl FnOnce(&mut Options)) -> Self {
        Self::of(app, change)
    }

    pub(crate) fn of(app: fn() -> App, change: impl FnOnce(&mut Options)) -> Self {
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

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    }

    /// Sends bytes on a connection of their own and reads all until the server closes.
    pub(crate) fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        read_all(&mut stream)
    }

    pub(crate) fn stop(&mut self) -> Result<(), Error> {
        self.stop.send(()).unwrap();
        self.thread.take().unwrap().join().unwrap()
    }
}

pub(crate) fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8(answer).unwrap(),
    }
}

/// Reads one answer of which the whole body is `body`.
pub(crate) fn read_until(stream: &mut TcpStream, body: &str) -> String {
    let mut answer = String::new();
    let mut piece = [0; 1024];
    while !answer.ends_with(body) {
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "closed after {answer:?}");
        answer += std::str::from_utf8(&piece[..count]).unwrap();
    }
    answer
}

pub(crate) fn assert_error(answer: &str, status: &str, error: &str) {
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
