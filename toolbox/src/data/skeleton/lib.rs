//! What `guru data` reads and writes the stores of a function with. Made by it; changes are lost.

#[allow(unused_imports)]
use guru::ports::{BlobPage, FoundBlob, ListQuery, Page};
use guru::prelude::*;

mod ports {
    guru::ports! {
{{ports}}
    }
}

/// The function.
pub fn app() -> App {
    App::new()
        .get("/{store}/keys", keys)
        .get("/{store}/value", read)
        .put("/{store}/value", unlimited(write))
}

#[derive(Deserialize)]
#[serde(crate = "guru::serde")]
struct Wanted {
    #[serde(default)]
    key: String,
    #[serde(default)]
    prefix: String,
    cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(crate = "guru::serde")]
struct Listed {
    keys: Vec<String>,
    cursor: Option<String>,
}

/// Why something could not be done. Whoever has the token is told, as nobody else would be.
struct Failure(String);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl From<guru::http::Error> for Failure {
    fn from(error: guru::http::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<guru::ports::Error> for Failure {
    fn from(error: guru::ports::Error) -> Self {
        Self(error.to_string())
    }
}

fn told(done: Result<Response, Failure>) -> Result<Response> {
    Ok(done.unwrap_or_else(|Failure(why)| Response::text(why).with_status(Status::new(502))))
}

/// Nobody else on this machine may ask.
fn asked(cx: &Context, req: &Request) -> Result<(String, Wanted)> {
    let token = cx.config().get("GURU_DATA_TOKEN")?.unwrap_or_default();
    if token.is_empty() || req.headers().get_str("authorization") != Some(&*token) {
        return Err(Error::new(ErrorKind::Forbidden, "this is for `guru data` alone"));
    }
    Ok((req.param("store")?, req.query()?))
}

async fn keys(cx: Context, req: Request) -> Result<Response> {
    told(try_keys(cx, req).await)
}

async fn try_keys(cx: Context, req: Request) -> Result<Response, Failure> {
    let (store, wanted) = asked(&cx, &req)?;
    let query = ListQuery::new(wanted.prefix).with_cursor(wanted.cursor);
    let listed = match &*store {
{{keys}}
        _ => return Err(Error::not_found().into()),
    };
    Ok(Response::json(&listed)?)
}

#[allow(dead_code)]
fn values(page: Page) -> Listed {
    let Page { keys, cursor } = page;
    Listed { keys, cursor }
}

#[allow(dead_code)]
fn blobs(page: BlobPage) -> Listed {
    let BlobPage { blobs, cursor } = page;
    let keys = blobs.into_iter().map(|blob| blob.key).collect();
    Listed { keys, cursor }
}

async fn read(cx: Context, req: Request) -> Result<Response> {
    told(try_read(cx, req).await)
}

async fn try_read(cx: Context, req: Request) -> Result<Response, Failure> {
    let (store, Wanted { key, .. }) = asked(&cx, &req)?;
    let found = match &*store {
{{read}}
        _ => None,
    };
    Ok(found.unwrap_or_else(|| Response::new(Status::NOT_FOUND)))
}

#[allow(dead_code)]
fn blob(found: FoundBlob) -> Result<Response> {
    let answer = Response::new(Status::OK).with_header("content-type", &found.info.content_type)?;
    Ok(answer.with_body(found.content))
}

#[allow(dead_code)]
fn value(bytes: Bytes) -> Result<Response> {
    Ok(Response::typed("application/octet-stream", bytes))
}

async fn write(cx: Context, req: Request) -> Result<Response> {
    told(try_write(cx, req).await)
}

#[allow(unused_mut, unused_variables)]
async fn try_write(cx: Context, mut req: Request) -> Result<Response, Failure> {
    let (store, Wanted { key, .. }) = asked(&cx, &req)?;
    let content_type = req.headers().get_str("content-type").unwrap_or("application/octet-stream").to_owned();
    match &*store {
{{write}}
        _ => return Err(Error::not_found().into()),
    }
    Ok(Response::new(Status::NO_CONTENT))
}

guru::export!(app);
