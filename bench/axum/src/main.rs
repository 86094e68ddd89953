//! The example as an axum server: `POST /` answers a random meditation, on 127.0.0.1 and the port in `PORT`.

use std::{env, error::Error};

use axum::{Json, Router, routing::post};
use serde::Serialize;
use tokio::net::TcpListener;
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

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, Router::new().route("/", post(meditate))).await?;
    Ok(())
}

async fn meditate() -> Json<Meditation> {
    println!("received request with id '{}'", Uuid::new_v4());
    Json(Meditation {
        status: "success",
        meditation: MEDITATIONS[rand::random_range(0..MEDITATIONS.len())],
    })
}
