//! The example: `POST /` returns a random "guru meditation".

#[cfg(test)]
mod document;

use guru::prelude::*;

/// All meditations, each equally likely.
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
#[serde(crate = "guru::serde")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Meditation {
    status: Outcome,
    #[cfg_attr(test, schema(schema_with = document::meditation))]
    meditation: &'static str,
}

/// How it went.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(crate = "guru::serde", rename_all = "lowercase")]
enum Outcome {
    Success,
}

/// The function.
pub fn app() -> App {
    App::new().post("/", meditate).get("/openapi.json", openapi)
}

/// Answers a random guru meditation.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/",
    tag = "meditations",
    responses((status = 200, description = "What the guru says", body = Meditation)),
))]
async fn meditate(cx: Context, _req: Request) -> Result<Response> {
    cx.log().info(
        format_args!("received request with id '{}'", cx.request_id()),
        &[],
    );
    let meditation = cx.random().choose(&MEDITATIONS);
    Response::json(&Meditation {
        status: Outcome::Success,
        meditation,
    })
}

/// Answers this document.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/openapi.json",
    tag = "meditations",
    responses((status = 200, description = "The OpenAPI document", body = Object)),
))]
async fn openapi(_cx: Context, _req: Request) -> Result<Response> {
    // The tests in document.rs generate it from the types and routes of this crate and keep it up to date.
    Ok(Response::typed(
        "application/json",
        include_str!("../openapi.json"),
    ))
}

guru::export!(app);
