//! What the link shortener answers, with all that it keeps in memory.

use super::*;
use guru::memory::{Client, Reply};

const WANTED: &str = r#"{"url":"https://docs.example/a","name":"docs"}"#;

async fn document(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::html("<title>All &amp; everything</title>"))
}

fn client() -> Client {
    let origin = App::new().get("/a", document);
    let client = Client::new(app()).unwrap();
    #[cfg(feature = "search")]
    let client = client.database("search", guru::testing::migrated("migrations/search"));
    client.origin("https://docs.example", origin)
}

fn create(client: &Client, json: &str) -> Reply {
    let call = client.request(Method::POST, "/links");
    call.header("content-type", "application/json")
        .body(json.to_owned())
        .send()
}

#[test]
fn a_link_leads_somewhere_and_is_counted() {
    let client = client();
    create(&client, WANTED).assert_status(201).assert_text(
        r#"{"name":"docs","url":"https://docs.example/a","title":"All & everything"}"#,
    );
    client.get("/docs/count").assert_text("0");
    for _ in 0..2 {
        let there = client.get("/docs");
        there.assert_status(302);
        assert_eq!(there.header("location"), Some("https://docs.example/a"));
    }
    client.get("/docs/count").assert_text("2");
    for none in ["/other", "/other/count", "/other/picture"] {
        client.get(none).assert_status(404);
    }
}

#[test]
fn links_are_found() {
    let client = client();
    for name in ["docs", "docs-2", "other"] {
        let wanted = r#"{"url":"https://docs.example/NAME","name":"NAME"}"#.replace("NAME", name);
        create(&client, &wanted).assert_status(201);
    }
    let found = |part: &str| client.get(&format!("/links?q={part}"));
    let second = r#"[{"name":"docs-2","url":"https://docs.example/docs-2","title":""}]"#;
    found("docs-").assert_text(second);
    found("none").assert_text("[]");
    assert_eq!(found("oth").json::<Vec<Named>>().len(), 1);
    #[cfg(feature = "search")]
    found("EXAMPLE/docs-").assert_text(second);
    client.get("/links").assert_status(400);
}

#[test]
fn a_picture_is_the_same_for_all_where_the_function_knows_its_place() {
    let config = guru::memory::Config::from([("LINKS_URL", "https://short.example/")]);
    let client = client().config(config);
    create(&client, WANTED);
    let of = |client: &Client, host| {
        let call = client.request(Method::GET, "/docs/picture");
        let picture = call.header("host", host).send();
        assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
        picture.text().to_owned()
    };
    let first = of(&client, "evil.example");
    assert!(first.contains("<svg"), "{first}");
    assert_eq!(of(&client, "short.example"), first);
    // Without, a client gets one of where it says that it is, and nobody else does.
    let client = self::client();
    create(&client, WANTED);
    assert_ne!(of(&client, "evil.example"), of(&client, "short.example"));
}

#[cfg(feature = "search")]
#[test]
fn a_link_that_cannot_be_found_is_made() {
    // It has no tables.
    let client = Client::new(app()).unwrap();
    let client = client.database("search", guru::testing::sqlite());
    create(&client, WANTED).assert_status(201);
    client.get("/docs").assert_status(302);
    client.get("/links?q=docs").assert_status(500);
}

#[test]
fn a_name_is_taken_once() {
    let client = client();
    create(&client, WANTED).assert_status(201);
    create(&client, WANTED).assert_status(409);
}

#[test]
fn a_name_that_nobody_chose_is_free() {
    let client = client();
    // Two names that were drawn are somebody's already, as far as this request can see.
    client.store("links").conflicts(2);
    let made = create(&client, r#"{"url":"https://docs.example/"}"#);
    let named: Named = made.assert_status(201).json();
    assert_eq!(named.name.len(), LENGTH);
    assert_eq!(named.link.title, "");
}

#[test]
fn what_is_no_link_is_refused() {
    let long = WANTED.replace("docs\"", &format!("{}\"", "a".repeat(65)));
    for wrong in [
        r#"{"url":"docs"}"#,
        r#"{"url":"javascript:alert(1)"}"#,
        r#"{"url":"https://docs.example/","name":""}"#,
        r#"{"url":"https://docs.example/","name":"links"}"#,
        r#"{"url":"https://docs.example/","name":"a/b"}"#,
        "{}",
        &long,
    ] {
        create(&client(), wrong).assert_status(400);
    }
}

#[test]
fn a_store_that_fails_is_a_503() {
    let client = client();
    let unavailable = guru::ports::ErrorKind::Unavailable;
    client.store("links").fails_once(unavailable);
    client.get("/docs").assert_status(503);
}
