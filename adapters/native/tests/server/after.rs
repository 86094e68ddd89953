//! What goes on after an answer: that it is done, how long it may take, and what it costs whom.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use guru_core::{App, Context, Request, Response, Result};

use crate::support::{Running, read_until};

/// The names of what was done.
static DONE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn app() -> App {
    App::new()
        .get("/whole/{name}/{milliseconds}", whole)
        .get("/stream/{name}/{size}", stream)
        .get("/panic/{name}", panics)
        .get("/ok", |_cx: Context, _req: Request| async {
            Ok(Response::text("ok"))
        })
}

fn put_off(cx: &Context, name: String, milliseconds: u64) {
    let later = cx.clone();
    cx.wait_until(async move {
        later.sleep(Duration::from_millis(milliseconds)).await;
        assert!(!name.ends_with("panics"), "a secret");
        DONE.lock().unwrap().insert(name);
        Ok(())
    });
}

async fn whole(cx: Context, req: Request) -> Result<Response> {
    put_off(&cx, req.param("name")?, req.param("milliseconds")?);
    Ok(Response::text("}"))
}

async fn stream(cx: Context, req: Request) -> Result<Response> {
    put_off(&cx, req.param("name")?, 0);
    let size = req.param::<u64>("size")?;
    Ok(match size {
        0 => Response::stream("text/plain", |mut out| async move { out.send("}").await }),
        _ => Response::sized_stream("text/plain", size, move |mut out| async move {
            for _ in 1..size {
                out.send("x").await?;
                cx.sleep(Duration::from_millis(20)).await;
            }
            out.send("}").await
        }),
    })
}

async fn panics(cx: Context, req: Request) -> Result<Response> {
    put_off(&cx, req.param("name")?, 0);
    panic!("a secret")
}

fn is_done(name: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        if DONE.lock().unwrap().contains(name) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").into_bytes()
}

/// On a connection of its own.
fn ask(server: &Running, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    server.ask(request.as_bytes())
}

#[test]
fn it_is_done_once_the_answer_has_gone() {
    let server = Running::of(app, |_| {});
    let mut stream = server.connect();
    // Whole, in chunks, and of a known size.
    for (path, end) in [
        ("/whole/of-whole/300", "}"),
        ("/stream/of-chunks/0", "}\r\n0\r\n\r\n"),
        ("/stream/of-size/3", "}"),
    ] {
        stream.write_all(&get(path)).unwrap();
        let answer = read_until(&mut stream, end);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let name = path.split('/').nth(2).unwrap();
        if name == "of-whole" {
            assert!(!DONE.lock().unwrap().contains(name), "it was waited for");
        }
        assert!(is_done(name), "{name}");
    }
}

#[test]
fn a_client_that_leaves_and_a_crash_begin_none() {
    let server = Running::of(app, |_| {});
    let mut stream = server.connect();
    stream.write_all(&get("/stream/left/1000")).unwrap();
    read_until(&mut stream, "x");
    drop(stream);
    assert!(ask(&server, "/panic/crashed").starts_with("HTTP/1.1 500"));
    // Time enough for either, had it begun.
    assert!(ask(&server, "/whole/after-both/300").contains("200 OK"));
    assert!(is_done("after-both"));
    let done = DONE.lock().unwrap();
    assert!(!done.contains("left") && !done.contains("crashed"));
}

#[test]
fn a_crash_of_it_costs_nobody_else_and_it_has_as_long_as_a_request() {
    let server = Running::of(app, |options| {
        options.workers = std::num::NonZero::<usize>::MIN;
        options.limits.time = Some(Duration::from_millis(300));
        options.limits.requests = 1;
    });
    for path in ["/whole/it-panics/0", "/whole/endless/60000", "/ok"] {
        // The one before gives its place back: it would be 503 otherwise.
        let answer = ask(&server, path);
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    assert!(!DONE.lock().unwrap().contains("endless"));
}

#[test]
fn a_server_that_stops_does_it_first_within_its_grace() {
    for (name, milliseconds, is_whole) in [("at-the-end", 500, true), ("never", 60_000, false)] {
        let mut server = Running::of(app, |options| {
            options.limits.grace = Duration::from_secs(2);
        });
        let mut stream = server.connect();
        stream
            .write_all(&get(&format!("/whole/{name}/{milliseconds}")))
            .unwrap();
        read_until(&mut stream, "}");
        drop(stream);
        assert_eq!(server.stop().is_ok(), is_whole);
        assert_eq!(DONE.lock().unwrap().contains(name), is_whole);
    }
}
