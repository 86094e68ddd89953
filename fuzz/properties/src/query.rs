//! A query is parsed as by the WHATWG URL standard's own parser, and no type that a handler asks for makes it panic.
//!
//! Input: the query, without its question mark.

use std::collections::BTreeMap;
use std::future::ready;

use guru_core::{App, Context, Error, Method, Request, Response, Uri, memory};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Everything that a query struct may contain.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only whether it is read matters")]
struct All {
    a: Option<u8>,
    b: Option<i64>,
    c: Option<f64>,
    d: Option<bool>,
    e: Option<char>,
    f: Option<Choice>,
    g: Option<Vec<u16>>,
    #[serde(default)]
    h: Vec<String>,
    #[serde(flatten)]
    page: Page,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only whether it is read matters")]
struct Page {
    limit: Option<u32>,
    offset: Option<i8>,
    wants: Option<bool>,
    tags: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    One,
    Two,
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only whether it is read matters")]
enum Either {
    Number { n: i32 },
    Text { n: String },
    Lists { n: Vec<f32> },
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "only whether it is read matters")]
enum Tagged {
    A { n: u64 },
    B { m: (bool, String) },
}

/// Reads a query into pairs, and into types.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(uri) = Uri::from_parts("/", Some(&text)) else {
        return;
    };
    let wanted: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    assert_eq!(uri.pairs().collect::<Vec<_>>(), wanted, "{text:?}");

    let answer = asked(uri, |req| {
        drop(req.query::<All>());
        drop(req.query::<Either>());
        drop(req.query::<Tagged>());
        drop(req.query::<BTreeMap<String, IgnoredAny>>());
        drop(req.query::<BTreeMap<String, u64>>());
        drop(req.query::<Vec<(String, String)>>());
        drop(req.query::<Option<IgnoredAny>>());
        drop(req.query::<String>());
        req.query::<BTreeMap<String, Vec<String>>>()
    });
    if let Ok(lists) = answer {
        let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            wanted
                .entry(key.into_owned())
                .or_default()
                .push(value.into_owned());
        }
        assert_eq!(lists, wanted, "{text:?}");
    }
}

/// The result of a handler that calls `ask`.
fn asked<T: 'static>(uri: Uri, ask: fn(&Request) -> Result<T, Error>) -> Result<T, Error> {
    let (send, receive) = std::sync::mpsc::channel();
    let app = App::new().get("/", move |_: Context, req: Request| {
        let _ = send.send(ask(&req));
        ready(Ok(Response::text("")))
    });
    let client = memory::Client::new(app).expect("the route is sound");
    drop(client.send(Request::new(Method::GET, uri)));
    receive.recv().expect("the handler was called")
}
