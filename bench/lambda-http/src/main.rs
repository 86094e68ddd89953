//! The example as a native AWS Lambda function, with the `lambda_http` crate.

use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn, tracing};
use serde::Serialize;

/// What the guru may say.
const MEDITATIONS: [&str; 7] = [
    "off to a regex/",
    "the count of machines abides",
    "you wouldn't fax a bat",
    "HAZARDOUS CHEMICALS + RKELLY",
    "your solution requires a blood eagle",
    "testing is broken because I'm lazy",
    "did u mention banana cognac shower",
];

/// The answer to `POST /`.
#[derive(Serialize)]
struct Meditation {
    status: &'static str,
    meditation: &'static str,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(meditate)).await
}

async fn meditate(request: Request) -> Result<Response<Body>, Error> {
    let id = &request.lambda_context().request_id;
    tracing::info!("received request with id '{id}'");
    let body = serde_json::to_string(&Meditation {
        status: "success",
        meditation: MEDITATIONS[rand::random_range(0..MEDITATIONS.len())],
    })?;
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(body.into())?)
}
