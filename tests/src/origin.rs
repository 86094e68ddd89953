//! A server for functions that fetch: it records what reaches it, and misbehaves when it is told to.
//!
//! A vector writes `{origin}` for its authority. It listens on the loopback for as long as the process lives.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::bytes::to_isomorphic;

/// How long it waits for whoever is silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between a part of an answer and its break: a server that fails at once may drop what it has not yet sent on.
const SENT: Duration = Duration::from_millis(200);

/// `origin`, compressed by gzip.
const GZIP: &str = "H4sIAAAAAAAC/8svykzPzAMAHlbx3gYAAAA=";

/// Where it listens.
pub(crate) fn address() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        #[expect(
            clippy::expect_used,
            reason = "no test can be run without the loopback"
        )]
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback");
        #[expect(clippy::expect_used, reason = "a socket that listens has an address")]
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    // A client may leave at any time.
                    let _ = serve(stream);
                });
            }
        });
        address
    })
}

/// A request as it came.
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&[u8]> {
        let is_it = |(other, _): &&(String, Vec<u8>)| other.eq_ignore_ascii_case(name);
        self.headers.iter().find(is_it).map(|(_, value)| &**value)
    }

    fn query(&self) -> HashMap<&str, u64> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
            .collect()
    }
}

fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    while let Some(request) = head(&mut reader)? {
        if !answer(&request, &mut reader, &mut out)? {
            break;
        }
    }
    Ok(())
}

/// Reads a head; `None` at the end of the connection.
fn head(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_ascii_end().to_vec();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut lines = lines.into_iter();
    let first = to_isomorphic(&lines.next().unwrap_or_default());
    let mut words = first.split(' ').map(str::to_owned);
    let headers = lines.map(|line| {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = to_isomorphic(parts.next().unwrap_or_default());
        (name, parts.next().unwrap_or_default().trim_ascii().to_vec())
    });
    Ok(Some(Request {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        headers: headers.collect(),
    }))
}

/// Hands every piece of a request's body on. False for one that ends before its end.
fn body(
    request: &Request,
    reader: &mut BufReader<TcpStream>,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<bool> {
    let length = request.header("content-length").map(to_isomorphic);
    if let Some(length) = length.and_then(|length| length.parse().ok()) {
        return pieces(reader, length, &mut take);
    }
    if request.header("transfer-encoding").is_none() {
        return Ok(true);
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let is_whole = pieces(reader, size, &mut take)?;
        if reader.read_line(&mut line)? == 0 || !is_whole {
            return Ok(false);
        }
        if size == 0 {
            return Ok(true);
        }
    }
}

fn pieces(
    reader: &mut BufReader<TcpStream>,
    length: u64,
    take: &mut impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<bool> {
    let mut buffer = vec![0; 64 * 1024];
    let mut left = reader.take(length);
    while left.limit() > 0 {
        let count = left.read(&mut buffer)?;
        if count == 0 {
            return Ok(false);
        }
        take(buffer.get(..count).unwrap_or_default())?;
    }
    Ok(true)
}

/// Answers a request. Whether the connection is kept.
fn answer(
    request: &Request,
    reader: &mut BufReader<TcpStream>,
    out: &mut TcpStream,
) -> io::Result<bool> {
    let query = request.query();
    let path = request.target.split('?').next().unwrap_or_default();
    match path {
        "/silent" => {
            std::thread::sleep(PATIENCE);
            return Ok(false);
        }
        "/cut-head" => {
            out.write_all(b"HTTP/1.1 200 OK\r\ncontent-le")?;
            return Ok(false);
        }
        "/cut-length" => {
            out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")?;
            std::thread::sleep(SENT);
            return Ok(false);
        }
        "/cut-chunks" => {
            out.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")?;
            std::thread::sleep(SENT);
            return Ok(false);
        }
        "/relay" => return relay(request, reader, out),
        _ => {}
    }
    let mut content = Vec::new();
    let is_whole = body(request, reader, |piece| {
        content.extend_from_slice(piece);
        Ok(())
    })?;
    if !is_whole {
        return Ok(false);
    }
    let text = match path {
        "/redirect" => respond(302, "location: http://127.0.0.1:1/elsewhere\r\n", b"moved"),
        "/cookies" => respond(200, "set-cookie: a=1\r\nset-cookie: b=2; path=/\r\n", b""),
        "/gzip" => {
            let gzip = STANDARD.decode(GZIP).unwrap_or_default();
            respond(
                200,
                "content-encoding: gzip\r\ncontent-type: text/plain\r\n",
                &gzip,
            )
        }
        "/hop" => respond(
            200,
            "keep-alive: timeout=5\r\nx-own: 1\r\nconnection: x-own\r\n",
            b"hop",
        ),
        "/utf-8" => respond(200, "x-name: Zo\u{eb}\r\n", b"utf-8"),
        "/interim" => {
            let mut both = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".to_vec();
            both.extend(respond(200, "", b"final"));
            both
        }
        "/status" => {
            let status = query.get("code").copied().unwrap_or(200);
            respond(status, "content-type: text/plain\r\n", b"as told")
        }
        "/chunks" => {
            chunks(out, &query)?;
            return Ok(true);
        }
        "/digest" => {
            let sha256: String = hex(&Sha256::digest(&content));
            let told = json!({"bytes": content.len(), "sha256": sha256}).to_string();
            respond(200, "content-type: application/json\r\n", told.as_bytes())
        }
        _ => match path
            .split_once('/')
            .and_then(|(_, rest)| rest.split_once('/'))
        {
            Some(("values", name)) => values(request, name),
            Some(("mark", name)) => {
                mark(name);
                respond(200, "", b"")
            }
            Some(("marked", name)) if is_marked(name, &query) => respond(200, TEXT, b"marked"),
            Some(("marked", _)) => respond(404, TEXT, b"not marked"),
            _ => seen(request, &content),
        },
    };
    let is_head = request.method == "HEAD";
    let end = text.windows(4).rposition(|four| four == b"\r\n\r\n");
    let shown = match end {
        Some(end) if is_head => text.get(..end + 4).unwrap_or_default(),
        _ => &text,
    };
    out.write_all(shown)?;
    Ok(true)
}

const TEXT: &str = "content-type: text/plain\r\n";

/// The names that were marked, and whoever waits for one.
static MARKS: (Mutex<BTreeSet<String>>, Condvar) = (Mutex::new(BTreeSet::new()), Condvar::new());

fn mark(name: &str) {
    let (marks, marked) = &MARKS;
    let mut marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
    marks.insert(name.to_owned());
    marked.notify_all();
}

/// Whether a name is marked within so many milliseconds.
fn is_marked(name: &str, query: &HashMap<&str, u64>) -> bool {
    let (marks, marked) = &MARKS;
    let marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
    let time = Duration::from_millis(query.get("wait").copied().unwrap_or(0));
    let waited = marked.wait_timeout_while(marks, time, |marks| !marks.contains(name));
    let (marks, _) = waited.unwrap_or_else(PoisonError::into_inner);
    marks.contains(name)
}

/// The values of a header, as a list in JSON.
fn values(request: &Request, name: &str) -> Vec<u8> {
    let named = request.headers.iter();
    let named = named.filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let values: Vec<_> = named.map(|(_, value)| to_isomorphic(value)).collect();
    let text = json!(values).to_string();
    respond(200, "content-type: application/json\r\n", text.as_bytes())
}

/// What came, as JSON.
fn seen(request: &Request, content: &[u8]) -> Vec<u8> {
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name, to_isomorphic(value)))
        .collect();
    let seen = json!({
        "method": request.method,
        "target": request.target,
        "headers": headers,
        "body_base64": STANDARD.encode(content),
    });
    let text = seen.to_string();
    respond(200, "content-type: application/json\r\n", text.as_bytes())
}

fn respond(status: u64, headers: &str, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut all = format!("HTTP/1.1 {status} Told\r\n{headers}").into_bytes();
    if status != 204 && status != 304 {
        all.extend(format!("content-length: {length}\r\n\r\n").into_bytes());
        all.extend_from_slice(content);
    } else {
        all.extend(b"\r\n");
    }
    all
}

/// So many chunks, so many milliseconds apart.
fn chunks(out: &mut TcpStream, query: &HashMap<&str, u64>) -> io::Result<()> {
    let count = query.get("n").copied().unwrap_or(3);
    let pause = Duration::from_millis(query.get("every").copied().unwrap_or(0));
    out.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
    for index in 0..count {
        if index > 0 {
            std::thread::sleep(pause);
        }
        let line = format!("{index}\n");
        out.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes())?;
    }
    out.write_all(b"0\r\n\r\n")
}

/// The request's body, back as it comes.
fn relay(
    request: &Request,
    reader: &mut BufReader<TcpStream>,
    out: &mut TcpStream,
) -> io::Result<bool> {
    out.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
    let is_whole = body(request, reader, |piece| {
        out.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
        out.write_all(piece)?;
        out.write_all(b"\r\n")
    })?;
    if is_whole {
        out.write_all(b"0\r\n\r\n")?;
    }
    Ok(is_whole)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
