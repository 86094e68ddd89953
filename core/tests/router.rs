//! Which route answers which request: a table. It must not know how the router is built.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use guru_core::{App, Context, Method, Request, Response, Result, Uri, memory};

/// Answers with the pattern that matched and what its parameters are.
async fn tell(_cx: Context, req: Request) -> Result<Response> {
    let mut said = String::from(req.route().unwrap_or("?"));
    for name in ["a", "b"] {
        if said.contains(&format!("{{{name}}}")) {
            said += &format!(" {name}={}", req.param::<String>(name)?);
        }
    }
    for segment in req.rest() {
        said += &format!(" [{}]", segment.decode().unwrap());
    }
    Ok(Response::text(said))
}

fn client() -> memory::Client {
    let app = App::new()
        .get("/", tell)
        .get("/ok", tell)
        .get("/ok/", tell)
        .get("/with space/ü", tell)
        .get("/per%20cent", tell)
        .get("/items/{a}", tell)
        .post("/items/{a}", tell)
        .get("/items/new", tell)
        .get("/items/{a}/parts/{b}", tell)
        .get("/items/new/{*rest}", tell)
        .any("/all/{*rest}", tell)
        .head("/own", tell)
        .get("/own", tell)
        .route(Method::parse(b"PURGE").unwrap(), "/cache", tell)
        .any("/any", tell)
        .delete("/any", tell);
    memory::Client::new(app).unwrap()
}

fn send(client: &memory::Client, method: &str, target: &str) -> (u16, String) {
    let method = Method::parse(method.as_bytes()).unwrap();
    let response = client.send(Request::new(method, Uri::parse(target).unwrap()));
    let body = String::from_utf8(response.body().as_bytes().unwrap().to_vec()).unwrap();
    (response.status().as_u16(), body)
}

#[test]
fn paths_find_their_routes() {
    let client = client();
    for (target, expected) in [
        ("/", "/"),
        ("/?a=b", "/"),
        ("/ok", "/ok"),
        ("/%6Fk", "/ok"),
        ("/ok/", "/ok/"),
        ("/with%20space/%C3%BC", "/with space/ü"),
        ("/per%2520cent", "/per%20cent"),
        ("/items/7", "/items/{a} a=7"),
        ("/items/a%2Fb", "/items/{a} a=a/b"),
        ("/items/%252F", "/items/{a} a=%2F"),
        ("/items/..", "/items/{a} a=.."),
        ("/items/new", "/items/new"),
        ("/items/new/parts/x", "/items/new/{*rest} [parts] [x]"),
        ("/items/old/parts/x", "/items/{a}/parts/{b} a=old b=x"),
        ("/all/", "/all/{*rest} []"),
        ("/all//a/", "/all/{*rest} [] [a] []"),
        ("/all/a%2Fb/c", "/all/{*rest} [a/b] [c]"),
        ("/any", "/any"),
    ] {
        assert_eq!(
            send(&client, "GET", target),
            (200, expected.into()),
            "{target}"
        );
    }
}

#[test]
fn other_paths_are_not_found() {
    let client = client();
    for target in [
        "/OK",
        "/ok//",
        "//ok",
        "/items",
        "/items/",
        "/items/7/",
        "/items/7/parts/",
        "/all",
        "/a/../ok",
        "/./ok",
        "/with+space/%C3%BC",
        "/%2Fok",
        "/per%20cent",
        "*",
    ] {
        assert_eq!(send(&client, "GET", target).0, 404, "{target}");
    }
}

#[test]
fn other_methods_are_not_allowed_and_told_which_are() {
    let client = client();
    for (method, target, allow) in [
        ("POST", "/ok", "GET, HEAD"),
        ("OPTIONS", "/ok", "GET, HEAD"),
        ("get", "/ok", "GET, HEAD"),
        ("DELETE", "/items/7", "GET, HEAD, POST"),
        ("PUT", "/own", "HEAD, GET"),
        ("GET", "/cache", "PURGE"),
        // The path decides first: POST /items/{a} does not step in for /items/new.
        ("POST", "/items/new", "GET, HEAD"),
    ] {
        let method = Method::parse(method.as_bytes()).unwrap();
        let response = client.send(Request::new(method, Uri::parse(target).unwrap()));
        assert_eq!(response.status().as_u16(), 405, "{target}");
        assert_eq!(response.headers().get_str("allow"), Some(allow), "{target}");
    }
    assert_eq!(send(&client, "PURGE", "/cache").0, 200);
    assert_eq!(send(&client, "BREW", "/any").0, 200);
}

#[test]
fn head_answers_as_get_without_the_body() {
    let client = client();
    let head = client.send(Request::new(Method::HEAD, Uri::parse("/ok").unwrap()));
    assert_eq!(head.status().as_u16(), 200);
    assert_eq!(head.headers().get_str("content-length"), Some("3"));
    assert!(head.body().is_empty());
}

#[test]
fn patterns_that_cannot_work_are_refused() {
    for (patterns, expected) in [
        (&["ok"][..], "does not start with '/'"),
        (&["/{}"], "neither text"),
        (&["/{*}"], "neither text"),
        (&["/a{b}"], "neither text"),
        (&["/{a"], "neither text"),
        (&["/{*a}/b"], "goes on behind"),
        (&["/{a}/{a}"], "two parameters `a`"),
        (&["/{a}/{*a}"], "two parameters `a`"),
        (&["/a", "/a"], "has a handler for GET already"),
        (&["/{a}", "/{b}"], "with other names"),
    ] {
        let app = patterns
            .iter()
            .fold(App::new(), |app, pattern| app.get(pattern, tell));
        let error = app.into_service().unwrap_err().to_string();
        assert!(error.contains(expected), "{patterns:?}: {error}");
    }
}

#[test]
fn routes_are_listed_as_they_were_added() {
    let app = App::new().post("/", tell).any("/{a}", tell);
    let routes: Vec<_> = app
        .routes()
        .map(|(method, pattern)| (method.cloned(), pattern))
        .collect();
    assert_eq!(routes, [(Some(Method::POST), "/"), (None, "/{a}")]);
}
