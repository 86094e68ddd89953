//! What libraries write by themselves, in the function's log. Each test has a thread of its own, and so a place of its own.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use guru_core::app::middleware::LibraryLog;
use guru_core::memory::Client;
use guru_core::{App, Context, Level, Method, Request, Response, Result, Uri};

fn client(library: LibraryLog, app: App) -> Client {
    Client::new(app.with(library)).unwrap()
}

/// The lines since the last call: level, message, fields and id.
fn lines(client: &Client) -> Vec<String> {
    let entries = client.log().take().into_iter();
    let line = entries.map(|entry| {
        let fields = entry.fields.iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let id = entry.request_id.as_deref().unwrap_or("-");
        format!(
            "{} {} [{}] {id}",
            entry.level,
            entry.message,
            fields.join(" ")
        )
    });
    line.collect()
}

#[derive(Debug)]
struct Failure(fmt::Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it failed")
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// A library.
fn write(what: &str) {
    log::error!(target: "lib", "{what} error");
    log::warn!(target: "lib", "{what} warn");
    log::info!(target: "lib", "{what} info");
    log::debug!(target: "lib", "{what} debug");
    log::trace!(target: "lib", "{what} trace");
    let error: &(dyn std::error::Error + 'static) = &Failure(fmt::Error);
    tracing::error!(target: "lib", error, "{what} error event");
    tracing::info!(
        target: "lib",
        text = "a b",
        minus = -1,
        plus = u64::MAX,
        half = 0.5,
        yes = true,
        shown = %'x',
        seen = ?'x',
        "{what} info event"
    );
    tracing::debug!(target: "lib", message = "debug event");
    tracing::trace!(target: "lib", "trace event");
}

async fn handler(_cx: Context, _req: Request) -> Result<Response> {
    let span = tracing::info_span!("span", a = 1);
    span.in_scope(|| write("a"));
    Ok(Response::text("ok"))
}

#[test]
fn lines_have_their_level_their_fields_and_the_request() {
    let error = [
        "error a error [target=lib] request-1",
        "error a error event [target=lib error=it failed: an error occurred when formatting an argument] request-1",
    ];
    let warn = "warn a warn [target=lib] request-1";
    let info = [
        "info a info [target=lib] request-1",
        "info a info event [target=lib text=a b minus=-1 plus=18446744073709551615 half=0.5 yes=true shown=x seen='x'] request-1",
    ];
    let debug = [
        "debug a debug [target=lib] request-1",
        "debug debug event [target=lib] request-1",
    ];
    let new = LibraryLog::new();
    let cases: [(LibraryLog, &[&str]); 4] = [
        (new.at_least(Level::Error), &error),
        (new, &[error[0], warn, info[0], error[1], info[1]]),
        (
            new.at_least(Level::Debug),
            &[
                error[0], warn, info[0], debug[0], error[1], info[1], debug[1],
            ],
        ),
        // Less than the one before.
        (new.at_least(Level::Warn), &[error[0], warn, error[1]]),
    ];
    for (library, expected) in cases {
        let client = client(library, App::new().get("/", handler));
        client.get("/").assert_status(200);
        assert_eq!(lines(&client), expected, "{library:?}");
    }
}

#[test]
fn requests_that_overlap_have_their_own_lines() {
    async fn slow(cx: Context, req: Request) -> Result<Response> {
        log::info!(target: "lib", "{} begins", req.uri().path());
        cx.sleep(Duration::from_millis(1)).await;
        log::info!(target: "lib", "{} ends", req.uri().path());
        Ok(Response::text("ok"))
    }
    let client = client(LibraryLog::new(), App::new().get("/{name}", slow));
    let request = |path| Request::new(Method::GET, Uri::parse(path).unwrap());
    client.block_on(async {
        let mut one = pin!(client.start(request("/one")));
        let mut two = pin!(client.start(request("/two")));
        let mut done = [false; 2];
        poll_fn(|task| {
            done[0] = done[0] || one.as_mut().poll(task).is_ready();
            done[1] = done[1] || two.as_mut().poll(task).is_ready();
            if done == [true; 2] {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    });
    assert_eq!(
        lines(&client),
        [
            "info /one begins [target=lib] request-1",
            "info /two begins [target=lib] request-2",
            "info /one ends [target=lib] request-1",
            "info /two ends [target=lib] request-2",
        ]
    );
}

#[test]
fn an_app_asked_within_a_request_has_its_own_log() {
    let inner = async |_cx: Context, _req: Request| {
        log::info!(target: "lib", "inner");
        Ok(Response::text("ok"))
    };
    let inner = std::rc::Rc::new(client(LibraryLog::new(), App::new().get("/", inner)));
    let asked = std::rc::Rc::clone(&inner);
    let outer = move |_cx: Context, _req: Request| {
        let asked = std::rc::Rc::clone(&asked);
        async move {
            asked.get("/").assert_status(200);
            log::info!(target: "lib", "outer");
            Ok(Response::text("ok"))
        }
    };
    let outer = client(LibraryLog::new(), App::new().get("/", outer));
    outer.get("/").assert_status(200);
    assert_eq!(lines(&inner), ["info inner [target=lib] request-1"]);
    assert_eq!(lines(&outer), ["info outer [target=lib] request-1"]);
}

#[test]
fn what_comes_after_the_answer_has_no_request() {
    async fn later(cx: Context, _req: Request) -> Result<Response> {
        cx.wait_until(async {
            log::info!(target: "lib", "later");
            Ok(())
        });
        Ok(Response::text("ok"))
    }
    log::error!(target: "lib", "before any request");
    let client = client(LibraryLog::new(), App::new().get("/", later));
    client.get("/").assert_status(200);
    tracing::warn!(target: "lib", "between");
    assert_eq!(
        lines(&client),
        ["info later [target=lib] -", "warn between [target=lib] -"]
    );
}

/// A line made while a line is made, and one that breaks off.
#[test]
fn a_line_within_a_line_is_lost() {
    struct Talkative;
    impl fmt::Display for Talkative {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            log::info!(target: "lib", "again {Talkative}");
            f.write_str("so far")?;
            Err(fmt::Error)
        }
    }
    let handler = async |_cx: Context, _req: Request| {
        log::info!(target: "lib", "{Talkative}");
        log::info!(target: "lib", "next");
        Ok(Response::text("ok"))
    };
    let client = client(LibraryLog::new(), App::new().get("/", handler));
    client.get("/").assert_status(200);
    assert_eq!(
        lines(&client),
        [
            "info so far [target=lib] request-1",
            "info next [target=lib] request-1"
        ]
    );
}

#[test]
fn a_panic_ends_the_request_for_the_lines_too() {
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in a message")
        }
    }
    async fn crash(_cx: Context, _req: Request) -> Result<Response> {
        log::info!(target: "lib", "{Panics}");
        Ok(Response::text("ok"))
    }
    let client = client(LibraryLog::new(), App::new().get("/", crash));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = client.get("/");
    }));
    assert!(caught.is_err());
    log::info!(target: "lib", "after");
    assert_eq!(lines(&client), ["info after [target=lib] -"]);
}

#[test]
fn a_thread_without_requests_has_no_log() {
    let client = client(LibraryLog::new(), App::new().get("/", handler));
    std::thread::spawn(|| write("b")).join().unwrap();
    assert!(lines(&client).is_empty());
}
