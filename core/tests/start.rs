//! Apps that wait for settings and data before they are there.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use guru_core::app::{Path, Start, State};
use guru_core::ports::Clock;
use guru_core::{App, Context, Error, ErrorKind, Next, Request, Response, Result, memory};

struct Greeting(String);

async fn app(start: Start) -> Result<App> {
    start.sleep(Duration::from_secs(1)).await;
    let greeting = start.config().get("GREETING")?;
    let greeting = greeting.ok_or_else(Error::not_found)?;
    Ok(App::new()
        .state(Greeting(greeting))
        .body_limit(3)
        .get("/{name}", greet)
        .post("/", |text: String| async move { text }))
}

async fn greet(greeting: State<Greeting>, Path(name): Path<String>) -> String {
    format!("{} {name}", greeting.0.0)
}

#[test]
fn an_app_is_made_of_settings() {
    let config = memory::Config::from([("GREETING", "hello")]);
    let client = memory::Client::of(app).unwrap().config(config);
    client.get("/Ada").assert_text("hello Ada");
    client.get("/").assert_status(405);
    client.get("/a/b").assert_status(404);
    client.post("/", "abcd").assert_status(413);
    // The second request did not wait.
    let now = Clock::now(client.clock());
    assert_eq!(now, Duration::from_secs(1));
}

#[test]
fn one_that_fails_is_a_fault_with_its_reason_and_the_next_request_tries_again() {
    let client = memory::Client::of(app).unwrap();
    let answer = client.get("/Ada");
    answer.assert_status(500);
    assert!(!answer.text().contains("start"));
    let lines = client.log().take();
    assert_eq!(lines[0].message, "the app did not start: not found");
    let client = client.config(memory::Config::from([("GREETING", "hello")]));
    client.get("/Ada").assert_text("hello Ada");
}

#[test]
fn one_that_is_not_there_for_now_says_so() {
    async fn late(_start: Start) -> Result<App> {
        let error = Error::from(ErrorKind::Unavailable);
        Err(error.with_header("retry-after", "5")?)
    }
    let client = memory::Client::of(late).unwrap();
    let answer = client.get("/");
    answer.assert_status(503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    let line = &client.log().take()[0].message;
    assert!(line.starts_with("the app did not start: "), "{line}");
}

/// A request that is given up takes its start along, and the next one makes its own.
#[test]
fn a_start_belongs_to_its_request() {
    let made = Rc::new(Cell::new(0));
    let count = Rc::clone(&made);
    let make = move |start: Start| {
        count.set(count.get() + 1);
        async move {
            start.sleep(Duration::from_secs(1)).await;
            Ok(App::new().get("/", || async { "made" }))
        }
    };
    let client = memory::Client::of(make).unwrap();
    let give_up = async {
        let request = client.request(guru_core::Method::GET, "/").start();
        let late = guru_core::time::race(
            request,
            Clock::sleep(client.clock(), Duration::from_millis(1)),
        );
        drop(late.await);
    };
    client.block_on(give_up);
    assert_eq!(made.get(), 1);
    let both = async {
        let call = || client.request(guru_core::Method::GET, "/").start();
        guru_core::time::join(call(), call()).await
    };
    let (one, other) = client.block_on(both);
    assert_eq!((one.status().as_u16(), other.status().as_u16()), (200, 200));
    client.get("/").assert_text("made");
    assert_eq!(made.get(), 3);
}

#[test]
fn its_routes_are_checked_when_it_starts() {
    async fn twice(_start: Start) -> Result<App> {
        Ok(App::new().get("/", || async {}).get("/", || async {}))
    }
    let client = memory::Client::of(twice).unwrap();
    client.get("/").assert_status(500);
    let line = &client.log().take()[0].message;
    assert!(line.contains("has a handler for GET already"), "{line}");
}

#[test]
fn it_is_made_once_and_takes_what_is_around_it() {
    async fn named(cx: Context, req: Request, next: Next) -> Result<Response> {
        Ok(next.run(cx, req).await.with_header("x-by", "middleware")?)
    }
    let made = Rc::new(Cell::new(0));
    let count = Rc::clone(&made);
    let make = move |_: Start| {
        count.set(count.get() + 1);
        async { Ok(App::new().get("/", || async { "made" })) }
    };
    let app = guru_core::app::IntoApp::into_app(make).with(named);
    let client = memory::Client::new(app).unwrap();
    assert_eq!(made.get(), 0);
    for path in ["/", "/none"] {
        assert_eq!(client.get(path).header("x-by"), Some("middleware"));
    }
    assert_eq!(made.get(), 1);
}

#[test]
fn a_limit_of_the_targets_goes_before_its_own() {
    let config = memory::Config::from([("GREETING", "hello")]);
    let app = guru_core::app::IntoApp::into_app(app).body_limit(1);
    let client = memory::Client::new(app).unwrap().config(config);
    client.post("/", "a").assert_text("a");
    client.post("/", "ab").assert_status(413);
}

#[test]
fn it_is_not_a_part_of_another() {
    let inner = guru_core::app::IntoApp::into_app(app);
    let error = App::new().mount("/api", inner).into_service().unwrap_err();
    assert!(error.to_string().contains("is not mounted"), "{error}");
}
