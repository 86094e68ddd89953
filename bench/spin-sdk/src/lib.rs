//! The example as a Spin component, with the Spin SDK.

use serde::Serialize;
use spin_sdk::{
    http::{IntoResponse, Json, Request},
    http_service,
};
use uuid::Uuid;

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

#[http_service]
async fn meditate(_request: Request) -> impl IntoResponse {
    println!("received request with id '{}'", Uuid::new_v4());
    Json(Meditation {
        status: "success",
        meditation: MEDITATIONS[rand::random_range(0..MEDITATIONS.len())],
    })
}
