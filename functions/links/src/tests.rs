//! What the link shortener answers, with all that it keeps in memory.

use super::*;
use guru::memory::Client;

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

fn text(answer: &mut Response) -> String {
    let body = answer.take_body().into_bytes().unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

fn get(client: &Client, path: &str) -> String {
    text(&mut client.get(path))
}

fn create(client: &Client, json: &str) -> Response {
    let uri = guru::Uri::parse("/links").unwrap();
    let request = Request::new(Method::POST, uri).with_body(json.to_owned());
    let request = request.with_header("content-type", "application/json");
    client.send(request.unwrap())
}

#[test]
fn a_link_leads_somewhere_and_is_counted() {
    let client = client();
    let mut made = create(&client, WANTED);
    let want = r#"{"name":"docs","url":"https://docs.example/a","title":"All & everything"}"#;
    assert_eq!((made.status(), &*text(&mut made)), (Status::CREATED, want));
    assert_eq!(get(&client, "/docs/count"), "0");
    for _ in 0..2 {
        let there = client.get("/docs");
        assert_eq!(there.status(), Status::FOUND);
        let place = there.headers().get_str("location");
        assert_eq!(place, Some("https://docs.example/a"));
    }
    assert_eq!(get(&client, "/docs/count"), "2");
    for none in ["/other", "/other/count", "/other/picture"] {
        assert_eq!(client.get(none).status(), Status::NOT_FOUND);
    }
}

#[test]
fn links_are_found() {
    let client = client();
    for name in ["docs", "docs-2", "other"] {
        let wanted = r#"{"url":"https://docs.example/NAME","name":"NAME"}"#.replace("NAME", name);
        assert_eq!(create(&client, &wanted).status(), Status::CREATED);
    }
    let found = |part: &str| get(&client, &format!("/links?q={part}"));
    let second = r#"[{"name":"docs-2","url":"https://docs.example/docs-2","title":""}]"#;
    assert_eq!(found("docs-"), second);
    assert_eq!(found("none"), "[]");
    assert!(found("oth").starts_with(r#"[{"name":"other","#));
    #[cfg(feature = "search")]
    assert_eq!(found("EXAMPLE/docs-"), second);
    assert_eq!(client.get("/links").status(), Status::BAD_REQUEST);
}

#[test]
fn a_picture_is_the_same_each_time() {
    let client = client();
    create(&client, WANTED);
    let first = get(&client, "/docs/picture");
    assert!(first.contains("<svg") && first.len() > 1000, "{first}");
    assert_eq!(get(&client, "/docs/picture"), first);
    assert_eq!(
        client
            .get("/docs/picture")
            .headers()
            .get_str("content-type"),
        Some("image/svg+xml")
    );
}

#[test]
fn a_name_is_taken_once() {
    let client = client();
    assert_eq!(create(&client, WANTED).status(), Status::CREATED);
    assert_eq!(create(&client, WANTED).status(), Status::CONFLICT);
}

#[test]
fn a_name_that_nobody_chose_is_free() {
    let client = client();
    // Two names that were drawn are somebody's already, as far as this request can see.
    client.store("links").conflicts(2);
    let mut made = create(&client, r#"{"url":"https://docs.example/"}"#);
    assert_eq!(made.status(), Status::CREATED);
    let want = r#"{"name":"abcdef","url":"https://docs.example/","title":""}"#;
    assert_eq!(text(&mut made).len(), want.len());
}

#[test]
fn what_is_no_link_is_refused() {
    for wrong in [
        r#"{"url":"docs"}"#,
        r#"{"url":"javascript:alert(1)"}"#,
        r#"{"url":"https://docs.example/","name":""}"#,
        r#"{"url":"https://docs.example/","name":"links"}"#,
        r#"{"url":"https://docs.example/","name":"a/b"}"#,
        "{}",
    ] {
        let answer = create(&client(), wrong);
        assert_eq!(answer.status(), Status::BAD_REQUEST, "{wrong}");
    }
    let long = WANTED.replace("docs\"", &format!("{}\"", "a".repeat(65)));
    assert_eq!(create(&client(), &long).status(), Status::BAD_REQUEST);
}

#[test]
fn a_store_that_fails_is_a_503() {
    let client = client();
    let unavailable = guru::ports::ErrorKind::Unavailable;
    client.store("links").fails_once(unavailable);
    assert_eq!(client.get("/docs").status().as_u16(), 503);
}
