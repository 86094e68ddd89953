//! Tests docs/travel.md against each runtime: which parts of the standard library work there, and which libraries.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports by panicking"
)]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use conformance::driver::{Driver, Refusal, drivers};
use conformance::vector::Function;

/// A row of the page, and the route of `functions/faults` that makes the call.
const CALLS: [(&str, &str); 22] = [
    ("`std::time::SystemTime::now`", "std/system-time"),
    ("`std::time::Instant::now`", "std/instant"),
    ("`std::thread::sleep`", "std/sleep"),
    ("`std::env::var`", "std/env"),
    ("`std::fs`", "std/file"),
    ("`std::net`", "std/tcp"),
    ("`std::thread::spawn`", "std/thread"),
    ("`std::process::Command`", "std/process"),
    ("a `static`, on the next request", "std/static"),
    ("`base64` 0.23", "library/base64"),
    ("`chrono` 0.4", "library/chrono"),
    ("`flate2` 1", "library/flate2"),
    ("`indexmap` 2", "library/indexmap"),
    ("`jiff` 0.2", "library/jiff"),
    ("`rand` 0.10", "library/rand"),
    ("`rand` 0.9", "library/rand-0-9"),
    ("`rand` 0.8", "library/rand-0-8"),
    ("`regex` 1", "library/regex"),
    ("`sha2` 0.10", "library/sha2"),
    ("`time` 0.3", "library/time"),
    ("`url` 2", "library/url"),
    ("`uuid` 1", "library/uuid"),
];

/// A table of the page: its columns, and the cells of each row.
struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The page's tables.
fn tables() -> Vec<Table> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/travel.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut tables: Vec<Table> = Vec::new();
    let mut is_in_table = false;
    for line in page.lines() {
        let row = line
            .strip_prefix("| ")
            .and_then(|line| line.strip_suffix(" |"));
        let cells = row.map(|row| row.split(" | ").map(str::to_owned).collect::<Vec<_>>());
        match (cells, tables.last_mut()) {
            (Some(row), Some(table)) if is_in_table => table.rows.push(row),
            (Some(head), _) => tables.push(Table {
                head,
                rows: Vec::new(),
            }),
            _ => {}
        }
        is_in_table = row.is_some();
    }
    for table in &mut tables {
        table.rows.retain(|row| !row[0].starts_with("---"));
    }
    tables
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
    let target = format!("/{call}");
    if call == "std/static" {
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

fn hold(driver: &dyn Driver, tables: &[Table]) -> Vec<String> {
    let running = match driver.start(Function::Faults) {
        Ok(running) => running,
        Err(Refusal::NotRun(reason)) => {
            eprintln!("{} was not run: {reason}", driver.name());
            return Vec::new();
        }
        Err(Refusal::Failed(error)) => panic!("{}: {error:#}", driver.name()),
    };
    let is_here = |title: &String| title.split(", ").any(|name| name == driver.name());
    let mut wrong = Vec::new();
    for (row, column) in tables.iter().flat_map(|table| {
        let column = table.head.iter().position(is_here);
        table
            .rows
            .iter()
            .filter_map(move |row| Some((row, column?)))
    }) {
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
    let tables = tables();
    let rows: BTreeSet<&str> = tables
        .iter()
        .flat_map(|table| &table.rows)
        .map(|row| &*row[0])
        .collect();
    assert_eq!(rows, CALLS.iter().map(|(name, _)| *name).collect());
    // Both have the same columns of targets.
    assert!(
        tables
            .iter()
            .all(|table| table.head[1..5] == tables[0].head[1..5])
    );
    let mut wrong = Vec::new();
    for driver in drivers().unwrap() {
        if !tables[0]
            .head
            .iter()
            .any(|title| title.split(", ").any(|name| name == driver.name()))
        {
            continue;
        }
        match driver.ready() {
            Ok(()) => wrong.extend(hold(&*driver, &tables)),
            Err(reason) => eprintln!("{} was not run: {reason}", driver.name()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
