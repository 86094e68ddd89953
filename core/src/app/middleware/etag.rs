//! Etags, and answers without content to clients that have it (RFC 9110, sections 8.8.3 and 13).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::{Middleware, Next};
use crate::app::conditions::unmet;
use crate::app::digest::digest;
use crate::app::{Context, LocalFuture, Result};
use crate::http::{Headers, Method, Request, Response, Status};

/// The headers that conditions are in.
const CONDITIONS: [&str; 2] = ["if-match", "if-none-match"];

/// What describes content, and so goes with it. The rest stays, as a cache is to take it over (RFC 9110, section 15.4.5): the etag,
/// `cache-control`, `content-location`, `expires`, `vary`, and what is no concern of a cache.
const OF_CONTENT: [&str; 6] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "last-modified",
];

/// Gives answers an etag, and responds with 304 to a client that has the content already.
///
/// - A 200 to `GET` or `HEAD` whose content is in memory gets a strong etag, unless it has one: of its bytes, their type and their
///   coding. The same content has the same etag on every target and after every deployment.
/// - `if-none-match` is a list of etags or `*`, compared weakly: 304 where it has the answer's (RFC 9110, section 13.1.2). `if-match` is
///   compared strongly, and comes first: 412 where it has not (section 13.1.1). So it is for an etag that the handler has set, too.
/// - A stream gets no etag: it would have to be read before it is sent. Nor does an answer to `HEAD` without content, of which it is
///   not known what `GET` would give.
/// - The handler has run in any case: what is saved is the transfer. One that knows its version sooner sets `etag` itself, or
///   [serves a blob](crate::Blob::serve).
///
/// The etag is half of a SHA-256. A hash that is not cryptographic would do against accidents, but whoever writes a part of a page could
/// choose it so that the old page and the new one have the same etag, and others would keep the old one. It takes about 1 ms a MiB on a
/// processor that has instructions for it, and 4 ms or more without, as in WebAssembly.
///
/// What changes the content belongs inside, which is added after it.
///
/// ```
/// use guru_core::{App, Method, app::middleware::Etag, memory};
///
/// let app = App::new().with(Etag).get("/", || async { "hello" });
/// let client = memory::Client::new(app)?;
/// let answer = client.get("/");
/// let etag = answer.header("etag").unwrap();
/// let again = client.request(Method::GET, "/").header("if-none-match", etag).send();
/// again.assert_status(304).assert_text("");
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Etag;

impl Middleware for Etag {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        Box::pin(async move {
            let is_head = *req.method() == Method::HEAD;
            if !is_head && *req.method() != Method::GET {
                return Ok(next.run(cx, req).await);
            }
            let mut conditions = Headers::new();
            for name in CONDITIONS {
                for value in req.headers().get_all(name) {
                    conditions.append(name, value)?;
                }
            }
            let mut response = next.run(cx, req).await;
            // A condition is for what would be a success without it (RFC 9110, section 13.2.1); a part of the content is no version of it.
            if response.status() != Status::OK {
                return Ok(response);
            }
            if !response.headers().contains("etag")
                && let Some(etag) = etag(&response, is_head)
            {
                response.headers_mut().append("etag", etag)?;
            }
            let own = response.headers().get_single("etag");
            match own.and_then(|etag| unmet(&conditions, etag)) {
                None => Ok(response),
                Some(Status::NOT_MODIFIED) => Ok(not_modified(response)),
                // Nothing of what was to be cached is for this.
                Some(status) => Ok(Response::new(status)),
            }
        })
    }
}

/// The etag of content that is in memory.
fn etag(response: &Response, is_head: bool) -> Option<String> {
    let content = response.body().as_bytes()?;
    if is_head && content.is_empty() {
        return None;
    }
    // Two representations of a resource have two etags, so that a cache tells them apart.
    let header = |name| response.headers().get(name).unwrap_or_default();
    let (of_type, coding) = (header("content-type"), header("content-encoding"));
    let digest = digest(&[of_type, coding, content]);
    Some(format!("\"{digest}\""))
}

fn not_modified(mut response: Response) -> Response {
    drop(response.take_body());
    let headers = response.headers_mut();
    headers.retain(|name, _| !OF_CONTENT.contains(&name));
    response.with_status(Status::NOT_MODIFIED)
}
