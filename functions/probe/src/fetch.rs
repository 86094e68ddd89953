//! HTTP to other servers.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guru::http::Url;
use guru::ports::{self, FetchRequest};
use guru::prelude::*;

use crate::ports::origins;
use crate::respond::failed;

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Ask {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body_base64: String,
    timeout_ms: Option<u64>,
}

#[derive(Serialize)]
#[serde(crate = "guru::serde")]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body_base64: String,
}

/// How much of an answer is read, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// Sends a request as it is told, and answers with what came back.
pub(crate) async fn fetch(cx: Context, mut req: Request) -> Result<Response> {
    let ask: Ask = req.json_any().await?;
    let url = Url::parse(&ask.url).map_err(|error| Error::field("url", error))?;
    let method = Method::parse(ask.method.as_bytes());
    let method = method.map_err(|error| Error::field("method", error))?;
    let body = STANDARD
        .decode(ask.body_base64)
        .map_err(|error| Error::field("body_base64", error))?;
    let mut request = FetchRequest::new(method, url);
    for (index, (name, value)) in ask.headers.iter().enumerate() {
        let value = crate::respond::bytes(value).unwrap_or_default();
        request = request
            .with_header(name, value)
            .map_err(|error| Error::field(&format!("headers[{index}]"), error))?;
    }
    if !body.is_empty() {
        request = request.with_body(body);
    }
    if let Some(time) = ask.timeout_ms {
        request = request.with_timeout(Duration::from_millis(time));
    }
    let mut answer = match cx.port(origins).send(request).await {
        Ok(answer) => answer,
        Err(error) => return refused(&cx, word(error.kind())),
    };
    let Ok(body) = answer.take_body().collect(LARGEST).await else {
        return refused(&cx, "broken");
    };
    let header = |(name, value): (&str, &[u8])| {
        let value = value.iter().map(|byte| char::from(*byte)).collect();
        (name.to_owned(), value)
    };
    Response::json(&Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().iter().map(header).collect(),
        body_base64: STANDARD.encode(body),
    })
}

/// A proxy by streams.
pub(crate) async fn pass(cx: Context, mut req: Request) -> Result<Response> {
    #[derive(Deserialize)]
    #[serde(crate = "guru::serde")]
    struct Query {
        to: String,
    }
    let Query { to } = req.query()?;
    let url = Url::parse(&to).map_err(|error| Error::field("to", error))?;
    let mut request = FetchRequest::new(req.method().clone(), url).with_body(req.take_body());
    if let Some(value) = req.headers().get("content-type") {
        request = request.with_header("content-type", value)?;
    }
    match cx.port(origins).send(request).await {
        Ok(answer) => Ok(answer),
        Err(error) => refused(&cx, word(error.kind())),
    }
}

/// What went wrong, in the words of the probe's contract.
fn word(kind: ports::ErrorKind) -> &'static str {
    match kind {
        ports::ErrorKind::Denied => "refused-host",
        ports::ErrorKind::Dns => "dns",
        ports::ErrorKind::Connect => "connect",
        ports::ErrorKind::Tls => "tls",
        ports::ErrorKind::Timeout => "timeout",
        ports::ErrorKind::Broken => "broken",
        _ => "other",
    }
}

fn refused(cx: &Context, word: &str) -> Result<Response> {
    failed(cx, Status::new(502), word)
}
