//! The example: `POST /` answers a random "guru meditation". It must not know where it runs.

use guru::prelude::*;

/// What the guru may say. Each is equally likely.
pub const MEDITATIONS: [&str; 7] = [
    "off to a regex/",
    "the count of machines abides",
    "you wouldn't fax a bat",
    "HAZARDOUS CHEMICALS + RKELLY",
    "your solution requires a blood eagle",
    "testing is broken because I'm lazy",
    "did u mention banana cognac shower",
];

/// The answer to `POST /`.
#[derive(Debug, Serialize)]
pub struct Meditation {
    status: &'static str,
    meditation: &'static str,
}

/// The function.
pub fn app() -> App {
    App::new().post("/", meditate).get("/openapi.json", openapi)
}

async fn meditate(cx: Context, _req: Request) -> Result<Response> {
    cx.log().info(
        format_args!("received request with id '{}'", cx.request_id()),
        &[],
    );
    let meditation = cx.random().choose(&MEDITATIONS);
    Response::json(&Meditation {
        status: "success",
        meditation,
    })
}

/// The document is made from these types and routes by `tests/openapi.rs`, which also holds it to
/// them.
async fn openapi(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::typed(
        "application/json",
        include_str!("../openapi.json"),
    ))
}

guru::export!(app);
