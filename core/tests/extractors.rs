//! Handlers whose arguments are taken out of the request, and what they return.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::collections::BTreeMap;

use bytes::Bytes;
use guru_core::app::{
    Cookies, Extension, Form, FromRequest, Html, IntoResponse, Json, Path, Query, State, limited,
    wrapped,
};
use guru_core::{
    App, Body, Context, Error, ErrorKind, Headers, Method, Next, Request, Response, Result, Status,
    Uri, memory,
};
use serde::Deserialize;

fn client(app: App) -> memory::Client {
    memory::Client::new(app).unwrap()
}

#[derive(Deserialize)]
struct Place {
    user: String,
    item: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    item: Option<u8>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum Side {
    Left,
    Right,
}

#[derive(Deserialize)]
struct Id(u32);

#[test]
fn a_path_is_read_as_what_the_handler_takes() {
    let app = App::new()
        .get(
            "/one/{id}",
            |Path(id): Path<u32>| async move { id.to_string() },
        )
        .get("/new/{id}", |Path(Id(id)): Path<Id>| async move {
            id.to_string()
        })
        .get("/side/{side}", |Path(side): Path<Side>| async move {
            format!("{side:?}")
        })
        .get(
            "/listed/{side}",
            |Path((side,)): Path<(Side,)>| async move { format!("{side:?}") },
        )
        .get("/maybe/{id}", |Path(id): Path<Option<u32>>| async move {
            format!("{id:?}")
        })
        .get(
            "/two/{a}/{b}",
            |Path((a, b)): Path<(String, u8)>| async move { format!("{a} {b}") },
        )
        .get(
            "/named/{item}/{user}",
            |Path(place): Path<Place>| async move { format!("{} {}", place.user, place.item) },
        )
        .get(
            "/map/{a}/{b}",
            |Path(all): Path<BTreeMap<String, String>>| async move { format!("{all:?}") },
        )
        .get("/all/{a}/{b}", |Path(all): Path<Vec<u8>>| async move {
            format!("{all:?}")
        })
        .get(
            "/rest/{*rest}",
            |Path(rest): Path<String>| async move { rest },
        )
        .on([Method::GET], "/none", |id: Option<Path<u32>>| async move {
            format!("{id:?}")
        });
    let client = client(app);
    for (path, text) in [
        ("/one/7", "7"),
        ("/new/7", "7"),
        ("/side/left", "Left"),
        ("/listed/right", "Right"),
        ("/maybe/7", "Some(7)"),
        ("/two/a%20b%2F/7", "a b/ 7"),
        ("/named/7/Ada", "Ada 7"),
        ("/map/1/2", r#"{"a": "1", "b": "2"}"#),
        ("/all/1/2", "[1, 2]"),
        ("/rest/a/b%20c", "a/b c"),
        ("/none", "None"),
    ] {
        client.get(path).assert_status(200).assert_text(text);
    }
    for (path, error) in [
        ("/one/x", "`id`: invalid digit found in string"),
        ("/one/%FF", "`id`: not UTF-8 once percent-decoded"),
        ("/new/x", "`id`: invalid digit found in string"),
        (
            "/side/up",
            "`side`: unknown variant `up`, expected `left` or `right`",
        ),
        (
            "/listed/up",
            "`side`: unknown variant `up`, expected `left` or `right`",
        ),
        ("/two/a/256", "`b`: number too large to fit in target type"),
        ("/named/x/Ada", "`item`: invalid digit found in string"),
        ("/all/1/x", "`b`: invalid digit found in string"),
    ] {
        let answer = client.get(path);
        answer.assert_status(400);
        let said: serde_json::Value = answer.json();
        assert_eq!(said["error"], error, "{path}");
    }
}

#[test]
fn a_path_that_the_route_has_not_is_the_functions_fault() {
    let app = App::new()
        .get("/none", |Path(id): Path<u32>| async move { id.to_string() })
        .get("/two/{a}/{b}", |Path(id): Path<u32>| async move {
            id.to_string()
        })
        .get(
            "/three/{a}/{b}/{c}",
            |Path((a, _)): Path<(u8, u8)>| async move { a.to_string() },
        )
        .get("/strict/{a}", |Path(strict): Path<Strict>| async move {
            format!("{:?}", strict.item)
        })
        .get("/one/{a}", |Path((a, _)): Path<(u8, u8)>| async move {
            a.to_string()
        })
        .get("/named/{item}", |Path(place): Path<Place>| async move {
            format!("{} {}", place.user, place.item)
        });
    let client = client(app);
    for path in [
        "/none",
        "/two/1/2",
        "/three/1/2/3",
        "/one/1",
        "/named/1",
        "/strict/1",
    ] {
        client.get(path).assert_status(500);
        let line = &client.log().take()[0].message;
        assert!(line.contains("are not what its handler takes"), "{line}");
    }
}

#[derive(Deserialize)]
struct Page {
    size: Option<u8>,
}

#[test]
fn content_is_what_the_last_argument_reads() {
    let app = App::new()
        .post("/json", |Json(names): Json<Vec<String>>| async move {
            Json(names.len())
        })
        .post("/form", |Form(page): Form<Page>| async move {
            format!("{:?}", page.size)
        })
        .post("/text", |text: String| async move { text })
        .post("/bytes", |bytes: Bytes| async move { bytes })
        .post("/body", |body: Body| async move { Response::from(body) })
        .post("/maybe", |json: Option<Json<u8>>| async move {
            json.map_or(0, |Json(value)| value).to_string()
        })
        .post("/checked", |json: Result<Json<u8>>| async move {
            json.map_or_else(|error| error.kind().status(), |_| Status::OK)
        })
        .post("/limited", limited(3, |text: String| async move { text }))
        .post("/all", all);
    let client = client(app);
    client.post_json("/json", &["a", "b"]).assert_text("2");
    client.post("/json", "[]").assert_status(415);
    client.post_json("/json", &[1]).assert_status(400);
    let call = client.request(Method::POST, "/form");
    call.form(&[("size", "7")]).send().assert_text("Some(7)");
    client.post("/text", "a").assert_text("a");
    client.post("/text", &b"\xff"[..]).assert_status(400);
    client.post("/bytes", &b"\xff"[..]).assert_status(200);
    client.post("/body", "a").assert_text("a");
    client.post("/maybe", "").assert_text("0");
    client.post("/maybe", "7").assert_status(415);
    client.post_json("/maybe", &7).assert_text("7");
    client.post_json("/maybe", &"x").assert_status(400);
    client.post_json("/checked", &7).assert_status(200);
    client.post("/checked", "7").assert_status(415);
    client.post("/limited", "abcd").assert_status(413);
    let call = client.request(Method::POST, "/all?size=7");
    call.header("x-a", "b")
        .json(&[1])
        .send()
        .assert_text("POST /all?size=7 Some(7) b request-16 1");
}

#[expect(clippy::too_many_arguments, reason = "as many as a handler may have")]
async fn all(
    cx: Context,
    method: Method,
    uri: Uri,
    Query(page): Query<Page>,
    query: Option<Query<Page>>,
    headers: Headers,
    cookies: Cookies,
    Json(list): Json<Vec<u8>>,
) -> Result<String> {
    assert!(query.is_some() && cookies.get("a").is_none());
    let header = headers.get_str("x-a").unwrap_or_default();
    let (size, id, length) = (page.size, cx.request_id(), list.len());
    Ok(format!("{method} {uri} {size:?} {header} {id} {length}"))
}

#[derive(Clone)]
struct User(&'static str);

async fn signed_in(cx: Context, req: Request, next: Next) -> Result<Response> {
    cx.set(User("Ada"));
    Ok(next.run(cx, req).await)
}

#[test]
fn state_and_what_a_middleware_says_are_arguments() {
    let app = App::new()
        .state(7_u8)
        .get(
            "/state",
            |count: State<u8>| async move { count.to_string() },
        )
        .get("/none", |State(text): State<String>| async move {
            text.to_string()
        })
        .get("/nobody", |user: Option<Extension<User>>| async move {
            user.is_none().to_string()
        })
        .get(
            "/lost",
            |Extension(User(name)): Extension<User>| async move { name },
        )
        .get(
            "/user",
            wrapped(
                signed_in,
                |Extension(User(name)): Extension<User>| async move { name },
            ),
        )
        .group("/group", |group| {
            group.state(8_u8).get(
                "/",
                |State(count): State<u8>| async move { count.to_string() },
            )
        })
        .fallback(|method: Method| async move { (Status::NOT_FOUND, method.to_string()) });
    let client = client(app);
    client.get("/state").assert_text("7");
    client.get("/none").assert_status(500);
    client.get("/nobody").assert_text("true");
    client.get("/lost").assert_status(500);
    client.get("/user").assert_text("Ada");
    client.get("/group").assert_text("8");
    client
        .get("/lost/and")
        .assert_status(404)
        .assert_text("GET");
}

/// The first error is the answer, and the function is not called.
#[test]
fn arguments_are_taken_in_their_order() {
    struct Refused;
    impl FromRequest for Refused {
        async fn from_request(_cx: &Context, _req: Request) -> Result<Self> {
            Err(ErrorKind::Conflict.into())
        }
    }
    let app = App::new()
        .post("/{id}", |Path(_): Path<u8>, _: Refused| async { "never" })
        .get("/{id}", |_: Query<Page>, Path(_): Path<u8>| async {
            "never"
        });
    let client = client(app);
    client.post("/x", "").assert_status(400);
    client.post("/7", "").assert_status(409);
    let said: serde_json::Value = client.get("/x?size=y").json();
    assert_eq!(said["error"], "`size`: invalid digit found in string");
}

#[test]
fn many_values_are_responses() {
    async fn plain(_cx: Context, _req: Request) -> Html<&'static str> {
        Html("<p>")
    }
    let app = App::new()
        .get("/plain", plain)
        .get("/html", || async { Html(String::from("<p>")) })
        .get("/text", || async { "text" })
        .get("/bytes", || async { vec![0xff] })
        .get("/nothing", || async {})
        .get("/status", || async { Status::CONFLICT })
        .get("/error", || async { Error::from(ErrorKind::Conflict) })
        .get("/fails", || async { Err::<(), _>(Error::not_found()) })
        .get("/named", || async {
            ([("content-type", "text/x"), ("x-a", "1")], "text")
        })
        .get("/cookies", || async {
            let cookies = [("set-cookie", "a=1"), ("Set-Cookie", "b=2")];
            (Status::ACCEPTED, cookies, Json(()))
        })
        .get("/wrong", || async { ([("a b", "1")], "text") });
    let client = client(app);
    for (path, status, of_type) in [
        ("/plain", 200, Some("text/html; charset=utf-8")),
        ("/html", 200, Some("text/html; charset=utf-8")),
        ("/text", 200, Some("text/plain; charset=utf-8")),
        ("/bytes", 200, Some("application/octet-stream")),
        ("/nothing", 204, None),
        ("/status", 409, None),
        ("/error", 409, Some("application/json")),
        ("/fails", 404, Some("application/json")),
        ("/named", 200, Some("text/x")),
        ("/cookies", 202, Some("application/json")),
        ("/wrong", 500, Some("application/json")),
    ] {
        let answer = client.get(path);
        answer.assert_status(status);
        assert_eq!(answer.header("content-type"), of_type, "{path}");
    }
    let answer = client.get("/cookies");
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").collect();
    assert_eq!(cookies, [b"a=1", b"b=2"]);
    assert!(().into_response().unwrap().body().is_empty());
}
