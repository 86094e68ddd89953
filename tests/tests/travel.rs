//! Tests docs/travel.md against each runtime: which parts of the standard library work there.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use conformance::driver::{Driver, Refusal, drivers};
use conformance::vector::Function;

/// A row of the page, and the route of `functions/faults` that makes the call.
const CALLS: [(&str, &str); 9] = [
    ("`std::time::SystemTime::now`", "system-time"),
    ("`std::time::Instant::now`", "instant"),
    ("`std::thread::sleep`", "sleep"),
    ("`std::env::var`", "env"),
    ("`std::fs`", "file"),
    ("`std::net`", "tcp"),
    ("`std::thread::spawn`", "thread"),
    ("`std::process::Command`", "process"),
    ("a `static`, on the next request", "static"),
];

/// The page's table: its columns, and the cells of each row.
fn table() -> (Vec<String>, Vec<Vec<String>>) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/travel.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(str::to_owned).collect::<Vec<_>>());
    let head = rows.next().unwrap();
    (
        head,
        rows.filter(|row| !row[0].starts_with("---")).collect(),
    )
}

fn get(authority: &str, target: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, body.trim().to_owned())
}

/// The outcome of the call, in the page's words.
fn outcome(authority: &str, call: &str) -> (&'static str, String) {
    let target = format!("/std/{call}");
    if call == "static" {
        let _ = get(authority, &target);
    }
    match get(authority, &target) {
        // wrangler's proxy responds with a chunked body.
        (200, text) if text.lines().any(|line| line == "works") => ("works", text),
        (200, text) => ("fails", text),
        (500, text) => ("panics", text),
        (status, text) => panic!("{call}: {status} {text}"),
    }
}

fn hold(driver: &dyn Driver, column: usize, rows: &[Vec<String>]) -> Vec<String> {
    let running = match driver.start(Function::Faults) {
        Ok(running) => running,
        Err(Refusal::NotRun(reason)) => {
            eprintln!("{} was not run: {reason}", driver.name());
            return Vec::new();
        }
        Err(Refusal::Failed(error)) => panic!("{}: {error:#}", driver.name()),
    };
    let mut wrong = Vec::new();
    for row in rows {
        let (_, call) = CALLS.iter().find(|(name, _)| *name == row[0]).unwrap();
        let (found, text) = outcome(&running.endpoint.authority, call);
        if found != row[column] {
            let name = driver.name();
            wrong.push(format!(
                "{name}: {call} {found}, the page says {}: {text}",
                row[column]
            ));
        }
    }
    running.stop();
    wrong
}

#[test]
fn what_does_not_travel_is_as_the_page_says() {
    let (head, rows) = table();
    assert_eq!(rows.len(), CALLS.len());
    let mut wrong = Vec::new();
    for driver in drivers().unwrap() {
        let is_here = |title: &String| title.split(", ").any(|name| name == driver.name());
        let Some(column) = head.iter().position(is_here) else {
            continue;
        };
        match driver.ready() {
            Ok(()) => wrong.extend(hold(&*driver, column, &rows)),
            Err(reason) => eprintln!("{} was not run: {reason}", driver.name()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
