//! `/blob`: content of any size.

use guru::ports::{self, Condition, ErrorKind as Kind};
use guru::prelude::*;

use crate::ports::files;
use crate::respond::failed;
use crate::store::{Asked, condition, etag, key, query};

pub(crate) fn routes(app: App) -> App {
    let mut app = app.get("/blob", list);
    // An empty key is one that no store has, and no path that there is not.
    for path in ["/blob/{key}", "/blob/"] {
        app = app
            .get(path, get)
            .put(path, unlimited(put))
            .delete(path, delete);
    }
    app
}

async fn get(cx: Context, req: Request) -> Result<Response> {
    cx.port(files).serve(&key(&req)?, &req).await
}

async fn put(cx: Context, mut req: Request) -> Result<Response> {
    let (files, key) = (cx.port(files), key(&req)?);
    let condition = match condition(&req)? {
        // Any content will do, but for none.
        Asked::Any => match files.head(&key).await? {
            Some(info) => Condition::Version(info.etag),
            None => return failed(&cx, Status::new(412), "precondition failed"),
        },
        Asked::One(condition) => condition,
    };
    let content_type = req.headers().get_str("content-type");
    let content_type = content_type
        .unwrap_or("application/octet-stream")
        .to_owned();
    let content = req.take_body();
    match files.put_if(&key, &content_type, content, condition).await {
        Ok(info) => Ok(Response::new(Status::NO_CONTENT).with_header("etag", etag(&info.etag))?),
        Err(error) if error.kind() == Kind::Conflict => {
            failed(&cx, Status::new(412), "precondition failed")
        }
        Err(error) => Err(refused(error)),
    }
}

async fn delete(cx: Context, req: Request) -> Result<Response> {
    cx.port(files).delete(&key(&req)?).await?;
    Ok(Response::new(Status::NO_CONTENT))
}

async fn list(cx: Context, req: Request) -> Result<Response> {
    #[derive(Serialize)]
    #[serde(crate = "guru::serde")]
    struct Page {
        keys: Vec<String>,
        sizes: Vec<u64>,
        cursor: Option<String>,
    }
    let found = cx.port(files).list(query(&req)?).await?;
    let (keys, sizes) = found
        .blobs
        .into_iter()
        .map(|blob| (blob.key, blob.size))
        .unzip();
    Response::json(&Page {
        keys,
        sizes,
        cursor: found.cursor,
    })
}

/// A content type that is none is the client's fault here: it chose it.
fn refused(error: ports::Error) -> Error {
    match error.kind() {
        Kind::Invalid => Error::field("content-type", error),
        _ => error.into(),
    }
}
