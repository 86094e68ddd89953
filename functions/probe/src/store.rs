//! `/kv` and `/atomic`: key-value stores.

use std::time::Duration;

use guru::ports::{self, Condition, ErrorKind as Kind, ListQuery, Version};
use guru::prelude::*;
use guru::{Atomic, KeyValue};

use crate::plain;
use crate::ports::{values, versions};
use crate::respond::failed;

pub(crate) fn routes(app: App) -> App {
    let mut app = app.get("/kv", list).get("/atomic", list_atomic);
    // An empty key is one that no store has, and no path that there is not.
    for path in ["/kv/{key}", "/kv/"] {
        app = app.get(path, get).put(path, put).delete(path, delete);
    }
    for path in ["/atomic/{key}", "/atomic/"] {
        app = app
            .get(path, read)
            .put(path, write)
            .delete(path, delete_atomic);
    }
    app.post("/atomic/{key}/add", add)
}

/// The store of `/kv`.
fn store(cx: &Context) -> KeyValue {
    cx.port(values)
}

/// The store of `/atomic`.
fn atomic(cx: &Context) -> Atomic {
    cx.port(versions)
}

async fn get(cx: Context, req: Request) -> Result<Response> {
    let found = store(&cx).get(&key(&req)?).await?;
    let value = found.ok_or_else(Error::not_found)?;
    Ok(bytes(value.into_bytes()))
}

async fn put(cx: Context, mut req: Request) -> Result<Response> {
    let (key, ttl) = (key(&req)?, ttl(&req)?);
    let value = req.bytes().await?;
    let done = match ttl {
        Some(ttl) => store(&cx).set_for(&key, value, ttl).await,
        None => store(&cx).set(&key, value).await,
    };
    done.map_err(refused)?;
    Ok(Response::new(Status::NO_CONTENT))
}

async fn delete(cx: Context, req: Request) -> Result<Response> {
    store(&cx).delete(&key(&req)?).await?;
    Ok(Response::new(Status::NO_CONTENT))
}

async fn list(cx: Context, req: Request) -> Result<Response> {
    page(&store(&cx), &req).await
}

async fn list_atomic(cx: Context, req: Request) -> Result<Response> {
    page(&atomic(&cx), &req).await
}

async fn read(cx: Context, req: Request) -> Result<Response> {
    let found = atomic(&cx).get(&key(&req)?).await?;
    let value = found.ok_or_else(Error::not_found)?;
    let etag = etag(value.version());
    Ok(bytes(value.into_stored().into_bytes()).with_header("etag", etag)?)
}

async fn write(cx: Context, mut req: Request) -> Result<Response> {
    let (store, key, ttl) = (atomic(&cx), key(&req)?, ttl(&req)?);
    let condition = match condition(&req)? {
        // Any version will do, but for none.
        Asked::Any => match store.get(&key).await? {
            Some(value) => Condition::Version(value.version().clone()),
            None => return failed(&cx, Status::new(412), "precondition failed"),
        },
        Asked::One(condition) => condition,
    };
    let value = req.bytes().await?;
    match store.write(&key, value, ttl, condition).await {
        Ok(version) => Ok(Response::new(Status::NO_CONTENT).with_header("etag", etag(&version))?),
        Err(error) if error.kind() == Kind::Conflict => {
            failed(&cx, Status::new(412), "precondition failed")
        }
        Err(error) => Err(refused(error)),
    }
}

async fn delete_atomic(cx: Context, req: Request) -> Result<Response> {
    atomic(&cx).delete(&key(&req)?).await?;
    Ok(Response::new(Status::NO_CONTENT))
}

async fn add(cx: Context, req: Request) -> Result<Response> {
    #[derive(Deserialize)]
    #[serde(crate = "guru::serde")]
    struct Query {
        #[serde(default = "one")]
        by: i64,
    }
    let one: Query = req.query()?;
    let sum = atomic(&cx).add(&key(&req)?, one.by).await?;
    Ok(plain(sum.to_string()))
}

const fn one() -> i64 {
    1
}

/// The key, which is empty in a path that has none.
pub(crate) fn key(req: &Request) -> Result<String> {
    if req.uri().path().ends_with('/') {
        return Ok(String::new());
    }
    req.param("key")
}

fn ttl(req: &Request) -> Result<Option<Duration>> {
    #[derive(Deserialize)]
    #[serde(crate = "guru::serde")]
    struct Query {
        ttl: Option<u64>,
    }
    let query: Query = req.query()?;
    Ok(query.ttl.map(Duration::from_secs))
}

async fn page(store: &KeyValue, req: &Request) -> Result<Response> {
    #[derive(Serialize)]
    #[serde(crate = "guru::serde")]
    struct Page {
        keys: Vec<String>,
        cursor: Option<String>,
    }
    let found = store.list(query(req)?).await?;
    Response::json(&Page {
        keys: found.keys,
        cursor: found.cursor,
    })
}

/// Which keys a request lists.
pub(crate) fn query(req: &Request) -> Result<ListQuery> {
    #[derive(Deserialize)]
    #[serde(crate = "guru::serde")]
    struct Query {
        #[serde(default)]
        prefix: String,
        limit: Option<usize>,
        cursor: Option<String>,
    }
    let asked: Query = req.query()?;
    let query = ListQuery::new(asked.prefix).with_cursor(asked.cursor);
    Ok(match asked.limit {
        Some(limit) => query.with_limit(limit),
        None => query,
    })
}

/// What `if-match` and `if-none-match` ask for.
pub(crate) enum Asked {
    Any,
    One(Condition),
}

pub(crate) fn condition(req: &Request) -> Result<Asked> {
    let headers = req.headers();
    let asked = match (
        headers.get_str("if-match"),
        headers.get_str("if-none-match"),
    ) {
        (None, None) => Asked::One(Condition::None),
        (Some("*"), None) => Asked::Any,
        (Some(etag), None) => Asked::One(Condition::Version(Version::new(etag.trim_matches('"')))),
        (None, Some("*")) => Asked::One(Condition::Absent),
        _ => {
            return Err(Error::new(
                ErrorKind::BadRequest,
                "a write takes one of `if-match` and `if-none-match: *`",
            ));
        }
    };
    Ok(asked)
}

pub(crate) fn etag(version: &Version) -> String {
    format!("\"{version}\"")
}

fn bytes(value: Bytes) -> Response {
    Response::typed("application/octet-stream", value)
}

/// A time that is too short is the client's fault here: it chose it.
fn refused(error: ports::Error) -> Error {
    match error.kind() {
        Kind::Invalid => Error::field("ttl", error),
        _ => error.into(),
    }
}
