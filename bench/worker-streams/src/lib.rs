//! Streams and requests to another server as a Cloudflare Worker, with the `worker` crate: `GET /stream` sends lines of a size,
//! `POST /pass` passes its content on to a URL and the answer back.

use futures_util::stream;
use worker::{
    Context, Env, Error, Fetch, Method, Request, RequestInit, Response, Result, Url, event,
};

#[event(fetch)]
async fn fetch(request: Request, _env: Env, _cx: Context) -> Result<Response> {
    let url = request.url()?;
    match (request.method(), url.path()) {
        (Method::Get, "/stream") => lines(&url),
        (Method::Post, "/pass") => pass(&request, &value(&url, "to")?).await,
        _ => Response::error("Not Found", 404),
    }
}

fn value(url: &Url, name: &str) -> Result<String> {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(key, _)| key == name);
    let (_, value) = found.ok_or_else(|| Error::RustError(format!("{name} is missing")))?;
    Ok(value.into_owned())
}

fn lines(url: &Url) -> Result<Response> {
    let number = |name: &str| {
        let value = value(url, name)?;
        value
            .parse::<usize>()
            .map_err(|error| Error::RustError(error.to_string()))
    };
    let (n, size) = (number("n")?, number("size")?);
    let lines = (0..n).map(move |i| Ok::<_, Error>(line(i, size)));
    Response::from_stream(stream::iter(lines))
}

fn line(i: usize, size: usize) -> Vec<u8> {
    let mut line = i.to_string().into_bytes();
    line.resize(size - 1, b'.');
    line.push(b'\n');
    line
}

async fn pass(request: &Request, to: &str) -> Result<Response> {
    let mut how = RequestInit::new();
    how.with_method(Method::Post);
    how.with_body(request.inner().body().map(Into::into));
    Fetch::Request(Request::new_with_init(to, &how)?)
        .send()
        .await
}
