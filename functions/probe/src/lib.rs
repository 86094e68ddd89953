//! The conformance suite's function: reports what a handler sees and responds as instructed. Its wire format is fixed, in
//! docs/portability.md.

mod after;
#[cfg(feature = "blob")]
mod blob;
mod count;
mod echo;
mod fetch;
#[cfg(feature = "invoke")]
mod invoke;
mod ports;
mod respond;
#[cfg(feature = "secret")]
mod secret;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "key-value")]
mod store;
mod stream;

use guru::prelude::*;

/// The number of random bytes that a request may ask for.
const RANDOM_LIMIT: usize = 4096;

/// The function.
pub fn app() -> App {
    let app = count::counted(App::new());
    #[cfg(feature = "key-value")]
    let app = store::routes(app);
    #[cfg(feature = "blob")]
    let app = blob::routes(app);
    #[cfg(feature = "sqlite")]
    let app = sql::sqlite::routes(app);
    #[cfg(feature = "secret")]
    let app = secret::routes(app);
    #[cfg(feature = "invoke")]
    let app = invoke::routes(app);
    #[cfg(feature = "postgres")]
    let app = sql::postgres::routes(app);
    app.any("/echo", echo::echo)
        .any("/echo/{*rest}", echo::echo)
        .post("/respond", respond::respond)
        .get("/panic", panic)
        .get("/ok", ok)
        .get("/random", random)
        .get("/now", now)
        .get("/sleep", stream::sleep)
        .get("/stream", stream::stream)
        .get("/events", stream::events)
        .post("/after", after::after)
        .post("/fetch", fetch::fetch)
        .post("/pass", unlimited(fetch::pass))
        .post("/digest", unlimited(stream::digest))
        .post("/relay", unlimited(stream::relay))
        .get("/config/{key}", config)
        .get("/items/{id}", item)
        .post("/items/{id}", item)
}

#[expect(clippy::panic, reason = "the contract of this route")]
async fn panic(_cx: Context, _req: Request) -> Result<Response> {
    panic!("the probe was asked to panic")
}

async fn ok(_cx: Context, _req: Request) -> Result<Response> {
    Ok(plain("ok"))
}

async fn random(cx: Context, req: Request) -> Result<Response> {
    #[derive(Deserialize)]
    #[serde(crate = "guru::serde")]
    struct Query {
        n: usize,
    }
    let Query { n } = req.query()?;
    if n > RANDOM_LIMIT {
        return Err(Error::field(
            "n",
            format_args!("is more than {RANDOM_LIMIT}"),
        ));
    }
    let mut bytes = vec![0; n];
    cx.random().fill(&mut bytes);
    Ok(plain(hex::encode(bytes)))
}

async fn now(cx: Context, _req: Request) -> Result<Response> {
    Ok(plain(cx.clock().now().as_millis().to_string()))
}

async fn config(cx: Context, req: Request) -> Result<Response> {
    let key: String = req.param("key")?;
    let value = cx.config().get(&key)?.ok_or_else(Error::not_found)?;
    Ok(plain(value))
}

async fn item(_cx: Context, req: Request) -> Result<Response> {
    #[derive(Serialize)]
    #[serde(crate = "guru::serde")]
    struct Item {
        id: String,
    }
    Response::json(&Item {
        id: req.param("id")?,
    })
}

/// The contract requires `text/plain` without a charset.
fn plain(body: impl Into<Body>) -> Response {
    Response::typed("text/plain", body)
}

guru::export!(app);
