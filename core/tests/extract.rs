//! What a handler takes out of a request, typed, and what a client is told where it does not fit.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::collections::BTreeMap;

use guru_core::{App, Context, Method, Request, Response, Result, Uri, memory};
use serde::Deserialize;

fn client(app: App) -> memory::Client {
    memory::Client::new(app).unwrap()
}

fn body(response: &Response) -> &str {
    std::str::from_utf8(response.body().as_bytes().unwrap()).unwrap()
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
    let method = Method::parse(method.as_bytes()).unwrap();
    let request = Request::new(method, Uri::parse(target).unwrap());
    headers.iter().fold(request, |request, (name, value)| {
        request.with_header(name, value).unwrap()
    })
}

fn query<T: serde::de::DeserializeOwned>(query: &str) -> Result<T, String> {
    let request = request("GET", &format!("/?{query}"), &[]);
    request.query().map_err(|error| error.to_string())
}

#[test]
fn json_and_queries_are_typed_and_errors_name_the_field() {
    #[derive(serde::Deserialize)]
    struct Order {
        items: Vec<Item>,
    }
    #[derive(serde::Deserialize)]
    struct Item {
        count: u8,
    }
    #[derive(serde::Deserialize)]
    struct Search {
        page: Option<u32>,
        exact: bool,
        #[serde(default)]
        tag: Vec<String>,
        order: Option<Direction>,
    }
    #[derive(serde::Deserialize, Debug)]
    #[serde(rename_all = "lowercase")]
    enum Direction {
        Up,
        Down,
    }
    async fn order(_cx: Context, mut req: Request) -> Result<Response> {
        let order: Order = req.json().await?;
        let counts: Vec<_> = order.items.iter().map(|item| item.count).collect();
        Ok(Response::text(format!("{counts:?}")))
    }
    async fn search(_cx: Context, req: Request) -> Result<Response> {
        let Search {
            page,
            exact,
            tag,
            order,
        } = req.query()?;
        Ok(Response::text(format!(
            "{page:?} {exact} {tag:?} {order:?}"
        )))
    }
    let client = client(App::new().post("/", order).get("/", search));
    for (sent, status, said) in [
        (r#"{"items":[{"count":1},{"count":2}]}"#, 200, "[1, 2]"),
        (
            r#"{"items":[{"count":1},{"count":256}]}"#,
            400,
            "`items[1].count`: invalid value",
        ),
        (
            r#"{"items":[{}]}"#,
            400,
            "`items[0]`: missing field `count`",
        ),
        ("{}", 400, "missing field `items`"),
        ("", 400, "`body`: EOF while parsing"),
        ("5", 400, "`body`: invalid type: integer `5`"),
        ("nonsense", 400, "`body`: expected"),
        ("{\"items\":[]} x", 400, "`body`: trailing characters"),
        ("{\"items\":\"\u{1}\"}", 400, "`items`: "),
    ] {
        let request = request("POST", "/", &[("content-type", "application/json")]);
        let response = client.send(request.with_body(sent));
        assert_eq!(response.status().as_u16(), status, "{sent}");
        assert!(
            body(&response).contains(said),
            "{sent}: {}",
            body(&response)
        );
    }
    for (sent, status, said) in [
        ("/?exact=true", 200, "None true [] None"),
        (
            "/?exact=false&page=3&tag=a&tag=b%26&order=up",
            200,
            r#"Some(3) false ["a", "b&"] Some(Up)"#,
        ),
        (
            "/?exact=true&other=1&other=2&order=down",
            200,
            "None true [] Some(Down)",
        ),
        ("/", 400, "missing field `exact`"),
        ("/?exact=maybe", 400, "`exact`: provided string was not"),
        (
            "/?exact=true&exact=true",
            400,
            "`exact`: given more than once",
        ),
        ("/?exact=true&page=-1", 400, "`page`: invalid digit"),
        (
            "/?exact=true&order=left",
            400,
            "`order`: unknown variant `left`",
        ),
        ("/?exact=true&&tag=%FF", 400, "`tag`: not UTF-8"),
    ] {
        let response = client.get(sent);
        assert_eq!(
            response.status().as_u16(),
            status,
            "{sent}: {}",
            body(&response)
        );
        assert!(
            body(&response).contains(said),
            "{sent}: {}",
            body(&response)
        );
    }
}

#[test]
fn thousands_of_query_keys_are_no_work() {
    async fn count(_cx: Context, req: Request) -> Result<Response> {
        let all: std::collections::HashMap<String, String> = req.query()?;
        Ok(Response::text(all.len().to_string()))
    }
    let keys: Vec<_> = (0..20_000).map(|key| format!("{key}=1")).collect();
    let client = client(App::new().get("/", count));
    assert_eq!(body(&client.get(&format!("/?{}", keys.join("&")))), "20000");
}

#[derive(Debug, Deserialize, PartialEq)]
struct Page {
    page: u32,
    #[serde(default)]
    exact: bool,
    ratio: Option<f64>,
    back: Option<i8>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Search {
    text: String,
    #[serde(flatten)]
    page: Page,
    #[serde(default)]
    tag: Vec<String>,
}

/// serde reads flattened fields as "anything" first, and what reads queries gave text for it
/// (<https://github.com/nox/serde_urlencoded/issues/33>).
#[test]
fn a_flattened_struct_is_read_like_any_other() {
    let search: Search =
        query("text=7&page=7&exact=true&ratio=0.5&back=-3&tag=7&tag=true").unwrap();
    assert_eq!(
        search,
        Search {
            text: "7".into(),
            page: Page {
                page: 7,
                exact: true,
                ratio: Some(0.5),
                back: Some(-3)
            },
            tag: vec!["7".into(), "true".into()],
        }
    );
    for (sent, told) in [
        ("text=a&page=many", "`page`: invalid type: string \"many\""),
        ("text=a&page=-1", "`page`: invalid value"),
        ("text=a&page=1&exact=7", "`exact`: invalid type: "),
        ("text=a", "missing field `page`"),
        ("page=1", "missing field `text`"),
    ] {
        let error = query::<Search>(sent).unwrap_err();
        assert!(error.starts_with(told), "{sent}: {error}");
    }
}

#[test]
fn flattened_fields_of_one_value_keep_their_own_types() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        a: String,
        b: u8,
        c: String,
        d: Option<bool>,
        e: Vec<u8>,
        f: Vec<String>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
    }
    let outer: Outer = query("a=7&b=7&c=7&d=true&e=7&f=7&f=8").unwrap();
    let inner = Inner {
        a: "7".into(),
        b: 7,
        c: "7".into(),
        d: Some(true),
        e: vec![7],
        f: vec!["7".into(), "8".into()],
    };
    assert_eq!(outer, Outer { inner });
}

#[test]
fn enums_and_maps_behind_flatten_are_read_too() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum By {
        Id { id: u64 },
        Name { name: String },
    }
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Shape {
        Circle { radius: f32 },
        Square { side: u32 },
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Found<T> {
        limit: u8,
        #[serde(flatten)]
        by: T,
    }
    assert_eq!(
        query("limit=5&id=12"),
        Ok(Found {
            limit: 5,
            by: By::Id { id: 12 }
        })
    );
    let name = String::from("x");
    assert_eq!(
        query("limit=5&name=x"),
        Ok(Found {
            limit: 5,
            by: By::Name { name }
        })
    );
    assert_eq!(
        query("limit=5&kind=square&side=3"),
        Ok(Found {
            limit: 5,
            by: Shape::Square { side: 3 }
        })
    );
    assert_eq!(
        query("limit=5&kind=circle&radius=2"),
        Ok(Found {
            limit: 5,
            by: Shape::Circle { radius: 2.0 }
        })
    );
    let rest = BTreeMap::from([("a".to_owned(), 1_u32), ("b".to_owned(), 2)]);
    assert_eq!(query("limit=5&a=1&b=2"), Ok(Found { limit: 5, by: rest }));
}

#[test]
fn thousands_of_flattened_keys_are_no_work_either() {
    #[derive(Debug, Deserialize)]
    struct Counts {
        #[serde(flatten)]
        all: BTreeMap<String, u32>,
    }
    let keys: Vec<_> = (0..20_000).map(|key| format!("k{key}={key}")).collect();
    let counts: Counts = query(&keys.join("&")).unwrap();
    assert_eq!(counts.all.len(), keys.len());

    #[derive(Debug, Deserialize)]
    struct Mixed {
        #[serde(flatten)]
        name: Name,
        #[serde(flatten)]
        all: BTreeMap<String, u32>,
    }
    #[derive(Debug, Deserialize)]
    struct Name {
        name: String,
        zip: String,
    }
    // Texts that look like numbers stay texts.
    let mixed: Mixed = query(&format!("{}&name=777&zip=12345", keys[..200].join("&"))).unwrap();
    assert_eq!((&*mixed.name.name, &*mixed.name.zip), ("777", "12345"));
    assert_eq!(mixed.all.len(), 200);
}

/// What makes it a request that a browser sends without asking first is its type
/// (<https://fetch.spec.whatwg.org/#cors-safelisted-request-header>).
#[test]
fn json_is_what_says_that_it_is() {
    async fn strict(_cx: Context, mut req: Request) -> Result<Response> {
        let value: u8 = req.json().await?;
        Ok(Response::text(value.to_string()))
    }
    async fn any(_cx: Context, mut req: Request) -> Result<Response> {
        let value: u8 = req.json_any().await?;
        Ok(Response::text(value.to_string()))
    }
    let client = client(App::new().post("/", strict).post("/any", any));
    for (content_type, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON;charset=UTF-8", 200),
        ("application/problem+json", 200),
        ("application/vnd.api+json ; version=1", 200),
        ("model/gltf+JSON", 200),
        ("", 415),
        ("text/plain", 415),
        ("text/plain; application/json", 415),
        ("text/plain; x=+json", 415),
        ("text/json5", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=application/json", 415),
        ("application/jsonp", 415),
        ("application/json-seq", 415),
        ("xapplication/json", 415),
        ("+json", 415),
        ("application/json, text/plain", 415),
    ] {
        let typed =
            |target| request("POST", target, &[("content-type", content_type)]).with_body("7");
        let response = client.send(typed("/"));
        assert_eq!(response.status().as_u16(), status, "{content_type:?}");
        assert_eq!(client.send(typed("/any")).status().as_u16(), 200);
    }
    let response = client.post("/", "7");
    assert_eq!(response.status().as_u16(), 415);
    assert!(body(&response).contains("`content-type`"));
    assert_eq!(client.post_json("/", &7).status().as_u16(), 200);
}
