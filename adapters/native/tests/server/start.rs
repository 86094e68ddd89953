//! An app that waits for its start: it is there before the first request, or the server is not.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use guru_core::app::{IntoApp as _, Start};
use guru_core::{App, Error, ErrorKind, Result};
use guru_native::{Options, Server};

use crate::support::Running;

/// How often the app was made.
static MADE: AtomicU32 = AtomicU32::new(0);

async fn app(start: Start) -> Result<App> {
    start.sleep(Duration::from_millis(10)).await;
    MADE.fetch_add(1, Ordering::Relaxed);
    Ok(App::new()
        .body_limit(3)
        .post("/", |text: String| async { text }))
}

fn call(body: &str) -> String {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn each_worker_has_made_it_before_it_takes_requests() {
    let mut running = Running::of(
        || app.into_app(),
        |options| options.workers = 2.try_into().unwrap(),
    );
    // No request makes another.
    let answer = running.ask(call("abc").as_bytes());
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("abc"),
        "{answer}"
    );
    assert!(
        running
            .ask(call("abcd").as_bytes())
            .starts_with("HTTP/1.1 413")
    );
    running.stop().unwrap();
    assert_eq!(MADE.load(Ordering::Relaxed), 2);
}

fn refused(app: fn() -> App, time: Option<Duration>) -> String {
    let mut options = Options::default();
    options.port = 0;
    options.limits.time = time;
    let server = Server::bind(app, options).unwrap();
    let error = server.run_until(|| ()).unwrap_err();
    assert_eq!(error.kind(), guru_native::ErrorKind::App);
    error.to_string()
}

/// As one that sets up what a process has once.
#[test]
fn a_worker_that_crashes_while_it_makes_the_app_is_told() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    fn once() -> App {
        assert_eq!(
            MADE.fetch_add(1, Ordering::Relaxed),
            0,
            "it is there already"
        );
        App::new()
    }
    let mut options = Options::default();
    options.port = 0;
    let server = Server::bind(once, options).unwrap();
    let error = server.run_until(|| ()).unwrap_err();
    assert_eq!(error.kind(), guru_native::ErrorKind::App);
    assert!(error.to_string().contains("crashed"), "{error}");
}

#[test]
fn one_that_fails_or_takes_too_long_is_told_before_the_server_listens() {
    async fn lacking(_start: Start) -> Result<App> {
        Err(Error::new(ErrorKind::Internal, "KEY is not set"))
    }
    async fn late(start: Start) -> Result<App> {
        start.sleep(Duration::from_secs(60)).await;
        Ok(App::new())
    }
    let message = refused(|| lacking.into_app(), None);
    assert_eq!(message, "the app did not start: KEY is not set");
    let message = refused(|| late.into_app(), Some(Duration::from_secs(1)));
    assert!(
        message.starts_with("the app did not start within 1 s"),
        "{message}"
    );
}
