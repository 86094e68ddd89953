//! Streams and requests to another server as a Spin component, with the Spin SDK: `GET /stream` sends lines of a size,
//! `POST /pass` passes its content on to a URL and the answer back.

use futures::SinkExt as _;
use spin_sdk::{
    http::{BoxBody, EmptyBody, Error, Request, Response, Result, body, box_body, send},
    http_service,
    wasip3::spawn,
};

#[http_service]
async fn serve(request: Request) -> Result<Response<BoxBody>> {
    match request.uri().path() {
        "/stream" => lines(&request),
        "/pass" => pass(request).await,
        _ => Ok(http::Response::builder()
            .status(404)
            .body(box_body(EmptyBody::new()))?),
    }
}

fn value(request: &Request, name: &str) -> Result<String> {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(key, _)| key == name);
    let (_, value) = found.ok_or_else(|| Error::other(format!("{name} is missing")))?;
    Ok(value.into_owned())
}

fn lines(request: &Request) -> Result<Response<BoxBody>> {
    let number = |name: &str| {
        value(request, name)?
            .parse::<usize>()
            .map_err(|error| Error::other(error.to_string()))
    };
    let (n, size) = (number("n")?, number("size")?);
    let (mut out, body) = body::stream::<Vec<u8>>();
    spawn(async move {
        for i in 0..n {
            if out.send(line(i, size)).await.is_err() {
                break;
            }
        }
    });
    Ok(Response::new(box_body(body)))
}

fn line(i: usize, size: usize) -> Vec<u8> {
    let mut line = i.to_string().into_bytes();
    line.resize(size - 1, b'.');
    line.push(b'\n');
    line
}

async fn pass(request: Request) -> Result<Response<BoxBody>> {
    let to = value(&request, "to")?;
    let sent = http::Request::post(to).body(request.into_body())?;
    Ok(send(sent).await?.map(box_body))
}
