//! What docs/coming-from/lambda-http.md has beside ours: an order for a table.

use lambda_http::{Body, Error, Request, RequestExt, RequestPayloadExt, Response, run, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    dish: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(order)).await
}

async fn order(request: Request) -> Result<Response<Body>, Error> {
    let query = request.query_string_parameters();
    let table = query.first("table").unwrap_or("1");
    let (status, text) = match request.payload::<Order>() {
        Ok(Some(Order { dish })) => (201, format!("{dish} for table {table}")),
        _ => (400, "no order".into()),
    };
    let answer = Response::builder().status(status);
    Ok(answer
        .header("content-type", "text/plain")
        .body(text.into())?)
}
