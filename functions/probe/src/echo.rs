//! `/echo`: the request as a handler sees it, in full.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guru::prelude::*;

#[derive(Serialize)]
#[serde(crate = "guru::serde")]
struct Seen<'a> {
    method: &'a str,
    path: &'a str,
    segments: Vec<Cow<'a, str>>,
    raw_query: Option<&'a str>,
    query: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    headers: Vec<(&'a str, String)>,
    body_base64: String,
    client_ip: Option<String>,
    request_id: &'a str,
}

pub(crate) async fn echo(cx: Context, mut req: Request) -> Result<Response> {
    let body = req.bytes().await?;
    let segments = req.rest().enumerate().map(|(index, segment)| {
        segment
            .decode()
            .map_err(|error| Error::field(&format!("segments[{index}]"), error))
    });
    Response::json(&Seen {
        method: req.method().as_str(),
        path: req.uri().path(),
        segments: segments.collect::<Result<_>>()?,
        raw_query: req.uri().query(),
        query: req.uri().pairs().collect(),
        headers: req
            .headers()
            .iter()
            .map(|(name, value)| (name, text(value)))
            .collect(),
        body_base64: STANDARD.encode(body),
        client_ip: cx.client_ip().map(|ip| ip.to_string()),
        request_id: cx.request_id(),
    })
}

/// Bytes as a string with one character per byte ("isomorphic decode", WHATWG Infra): JSON has no bytes, and this loses nothing.
fn text(value: &[u8]) -> String {
    value.iter().map(|byte| char::from(*byte)).collect()
}
