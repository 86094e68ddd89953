//! Where fuzzers begin: the requests of the suite's vectors, captured and generated events, and the routes of the
//! functions here.
//!
//! It must not know what is done with them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The inputs to begin with, for one property.
///
/// # Panics
///
/// Where the repository's files are not there, or not what they were.
#[must_use]
pub fn of(property: &str) -> Vec<Vec<u8>> {
    let requests = requests();
    match property {
        "event" => events(),
        "head" => requests.iter().flat_map(heads).collect(),
        "cloudflare" => requests.iter().map(lines).collect(),
        "query" => requests
            .iter()
            .filter_map(|request| Some(request.target.split_once('?')?.1.as_bytes().to_vec()))
            .chain(QUERIES.map(|query| query.as_bytes().to_vec()))
            .collect(),
        "router" => requests
            .iter()
            .map(|request| format!("{ROUTES}\n\n{}", request.target).into_bytes())
            .collect(),
        // Bodies and headers: what is said of them is made of their bytes.
        "answer" | "log" => requests
            .iter()
            .map(|request| format!("{request:?}").into_bytes())
            .collect(),
        other => panic!("there is no property `{other}`"),
    }
}

/// Queries for the types that the property reads.
const QUERIES: [&str; 6] = [
    "a=255&b=-1&c=1e3&d=true&e=%C3%A9&f=one&g=1&g=2&h=x&limit=10&offset=-3&wants=false&tags=1",
    "n=12",
    "n=twelve",
    "n=1.5&n=2",
    "kind=A&n=18446744073709551615",
    "kind=B&m=true&m=x",
];

/// Routes of every kind, in each other's way as far as may be.
const ROUTES: &str = "/\n/echo\n/echo/{*rest}\n/items/{id}\n/items/new\n/items/{id}/parts/{part}\n/{any}\n/{any}/{*rest}\n\
    /a/{x}/b\n/{y}/c/b\n/ok\n/config/{key}\n/{n}/\n/%41";

#[derive(Debug)]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

/// What the vectors send.
fn requests() -> Vec<Request> {
    let mut all = Vec::new();
    for path in files(&root().join("tests/vectors")) {
        let cases: Value = read(&path);
        let cases = cases.as_array().into_iter().flatten();
        let exchanges = cases.filter_map(|case| case["exchanges"].as_array());
        for send in exchanges.flatten().map(|exchange| &exchange["send"]) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let headers = send["headers"].as_array().into_iter().flatten();
            all.push(Request {
                method: text(&send["method"]),
                target: text(&send["target"]),
                headers: headers
                    .map(|pair| (text(&pair[0]), text(&pair[1])))
                    .collect(),
            });
        }
    }
    assert!(all.len() > 200, "only {} requests were found", all.len());
    all
}

/// One byte a character, as the vectors have it.
fn bytes(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?'))
        .collect()
}

/// In HTTP/1 and in HTTP/2, of which the head is read in the same way.
fn heads(request: &Request) -> [Vec<u8>; 2] {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    if !request
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"))
    {
        head.push_str("host: localhost:5000\r\n");
    }
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let head = bytes(&head);
    let other = [b"HTTP/2\n".as_slice(), &head].concat();
    [head, other]
}

/// As a worker's entry module writes it.
fn lines(request: &Request) -> Vec<u8> {
    let Request { method, target, .. } = request;
    let mut text = format!("8f1a\n192.0.2.1\n{method}\nhttp://localhost:8787{target}\n");
    for (name, value) in &request.headers {
        text.push_str(&format!("\n{name}\n{value}"));
    }
    text.into_bytes()
}

/// Events as AWS sent them, as its tools make them, and as its manual shows them.
fn events() -> Vec<Vec<u8>> {
    let tests = root().join("targets/lambda/tests");
    let all: Vec<_> = ["captures", "generated"]
        .iter()
        .flat_map(|folder| files(&tests.join(folder)))
        .map(|path| read(&path).to_string().into_bytes())
        .collect();
    assert!(all.len() > 5, "only {} events were found", all.len());
    all
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The JSON files of a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
