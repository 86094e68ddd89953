//! What requests share, and what errors look like: as the innermost app has it.

#![expect(
    clippy::unwrap_used,
    reason = "a test reports by panicking, its helpers too"
)]

use guru_core::{App, Context, Error, ErrorKind, Request, Response, Result, memory};

fn client(app: App) -> memory::Client {
    memory::Client::new(app).unwrap()
}

#[test]
fn state_is_shared_by_its_type() {
    async fn shared(cx: Context, _req: Request) -> Result<Response> {
        let sum = *cx.state::<u32>()? + u32::from(*cx.state::<u8>()?);
        Response::json(&sum)
    }
    async fn missing(cx: Context, _req: Request) -> Result<Response> {
        Response::json(cx.state::<u64>()?)
    }
    let inner = |number: u8| {
        let app = App::new().state(number).get("/", shared);
        app.get("/missing", missing)
    };
    let app = App::new().mount("/a", inner(7)).mount("/b", inner(8));
    let app = app.state(1_u32).state(35_u32).get("/", shared);
    let client = client(app.group("/c", |group| group.state(2_u32).mount("/d", inner(1))));
    client.get("/a").assert_text("42");
    client.get("/b").assert_text("43");
    client.get("/c/d").assert_text("3");
    // What a mounted app was given is its own.
    client.get("/").assert_status(500);
    let _ = client.log().take();
    client.get("/a/missing").assert_status(500);
    let line = client
        .log()
        .take()
        .into_iter()
        .find(|line| line.message.contains("u64"));
    assert!(line.is_some_and(|line| line.message.contains("App::state")));
}

#[test]
fn errors_are_answered_as_the_innermost_app_has_it() {
    fn own(error: &Error, _cx: &Context) -> Response {
        Response::text(format!("own: {}", error.shown()))
    }
    async fn secret(_cx: Context, _req: Request) -> Result<Response> {
        let error = Error::new(ErrorKind::Conflict, "taken").with_header("retry-after", "1")?;
        Err(error.context("renaming user 7"))
    }
    let inner = App::new().errors(own).get("/", secret);
    let app = App::new().errors(guru_core::app::problem_details);
    let client = client(app.get("/", secret).mount("/a", inner));
    let answer = client.get("/a");
    answer.assert_status(409).assert_text("own: taken");
    assert_eq!(answer.header("retry-after"), Some("1"));
    let outer = client.get("/");
    assert_eq!(
        outer.header("content-type"),
        Some("application/problem+json")
    );
    assert!(outer.text().contains("\"detail\":\"taken\""), "{outer:?}");
}
