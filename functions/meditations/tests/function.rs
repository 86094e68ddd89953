//! The example's contract, on the core alone. It must not start a server.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test reports by panicking"
)]

use std::collections::HashMap;

use guru::{Method, Request, Uri, memory};
use meditations::{MEDITATIONS, app};

fn said(client: &memory::Client) -> String {
    let response = client.post("/", "");
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(
        response.headers().get_str("content-type"),
        Some("application/json")
    );
    let body: serde_json::Value =
        serde_json::from_slice(response.body().as_bytes().unwrap()).unwrap();
    assert_eq!(body["status"], "success");
    assert_eq!(body.as_object().unwrap().len(), 2);
    body["meditation"].as_str().unwrap().to_owned()
}

#[test]
fn every_meditation_is_equally_likely() {
    let client = memory::Client::new(app()).unwrap().seed(2016);
    let mut counts: HashMap<String, u32> = HashMap::new();
    for _ in 0..70_000 {
        *counts.entry(said(&client)).or_default() += 1;
        let _ = client.log().take();
    }
    assert_eq!(counts.len(), MEDITATIONS.len());
    assert!(
        MEDITATIONS
            .iter()
            .all(|meditation| counts.contains_key(*meditation))
    );
    let chi_square: f64 = counts
        .values()
        .map(|count| (f64::from(*count) - 10_000.0).powi(2) / 10_000.0)
        .sum();
    // The upper 0.1 % of chi-square with 6 degrees of freedom.
    assert!(chi_square < 22.458, "chi-square {chi_square}: {counts:?}");
}

#[test]
fn the_log_says_which_request_came() {
    let client = memory::Client::new(app()).unwrap();
    let _ = said(&client);
    let [entry] = &client.log().take()[..] else {
        panic!("one record")
    };
    assert_eq!(entry.message, "received request with id 'request-1'");
    assert_eq!(entry.level, guru::Level::Info);
}

#[test]
fn only_post_is_answered() {
    let client = memory::Client::new(app()).unwrap();
    let response = client.send(Request::new(Method::GET, Uri::parse("/").unwrap()));
    assert_eq!(response.status().as_u16(), 405);
    assert_eq!(response.headers().get_str("allow"), Some("POST"));
    assert_eq!(client.get("/openapi.json").status().as_u16(), 200);
}
