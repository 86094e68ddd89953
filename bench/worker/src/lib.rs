//! The example as a Cloudflare Worker, with the `worker` crate.

use serde::Serialize;
use uuid::Uuid;
use worker::{
    Context, Env, Request, Response, Result, RouteContext, Router, console_log, event, js_sys::Math,
};

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

#[event(fetch)]
async fn fetch(request: Request, env: Env, _cx: Context) -> Result<Response> {
    Router::new().post("/", meditate).run(request, env).await
}

fn meditate(request: Request, _cx: RouteContext<()>) -> Result<Response> {
    // Cloudflare names each request in `cf-ray`; workerd by itself does not.
    let id = request
        .headers()
        .get("cf-ray")?
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    console_log!("received request with id '{id}'");
    let choice = (Math::random() * MEDITATIONS.len() as f64) as usize;
    Response::from_json(&Meditation {
        status: "success",
        meditation: MEDITATIONS[choice],
    })
}
