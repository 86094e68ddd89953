//! Blobs, as a handler uses them. What is the same on every target is here: keys, sizes, content types, and how HTTP asks for parts
//! and versions. It must not know who keeps them.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use core::any::Any;
use core::cell::Cell;
use core::fmt;
use core::pin::Pin;
use core::task::{self, Poll};

use bytes::Bytes;

use super::{Context, Result as Answer, conditions};
use crate::http::{self, Body, Chunks, Request, Response};
use crate::ports::{self, BLOB_LIMIT, BlobInfo, BlobPage, BlobRange, Condition, Error, ErrorKind};
use crate::ports::{
    FoundBlob, ListQuery, check_condition, check_content_type, check_key, check_size,
};

/// A store of blobs that the function declares: content of any size by key, as a stream if need be.
///
/// - A key is a text of 1 to 512 bytes, but neither `.` nor `..`. Content is up to 5 GiB.
/// - What is put is all there or not at all: content that breaks off leaves what was there before.
/// - Content of unknown size, as the body of a request without `content-length`, is kept in parts of some MiB each.
/// - [`serve`](Self::serve) answers a request with a blob: ranges, etags and conditions as HTTP has them.
///
/// An error converts with `?`: into a 400 for a key that no store can have, a 413 for content that is too large, a 409 for a
/// condition that does not hold, and otherwise as [`ports::ErrorKind`] says, mostly into a 502 or 503.
///
/// ```
/// use guru_core::{App, Blob, Context, Request, Response, Result, Status, memory};
/// # fn files(cx: &Context) -> Blob { Blob::new(cx, "files", |_| unreachable!()) }
///
/// async fn upload(cx: Context, mut req: Request) -> Result<Response> {
///     let name: String = req.param("name")?;
///     let content_type = req.headers().get_str("content-type").unwrap_or("text/plain").to_owned();
///     files(&cx).put(&name, &content_type, req.take_body()).await?;
///     Ok(Response::new(Status::NO_CONTENT))
/// }
///
/// async fn download(cx: Context, req: Request) -> Result<Response> {
///     let name: String = req.param("name")?;
///     files(&cx).serve(&name, &req).await
/// }
///
/// let client = memory::Client::new(App::new().post("/{name}", upload).get("/{name}", download))?;
/// assert_eq!(client.post("/a", "content").status().as_u16(), 204);
/// let answer = client.get("/a");
/// assert_eq!(answer.headers().get_str("content-type"), Some("text/plain"));
/// assert_eq!(answer.body().as_bytes(), Some(&b"content"[..]));
/// assert_eq!(client.get("/b").status().as_u16(), 404);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Blob {
    port: Rc<dyn ports::Blob>,
}

impl Blob {
    /// The store of this name, which `open` opens where it was not yet.
    #[doc(hidden)]
    pub fn new(
        cx: &Context,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn ports::Blob>,
    ) -> Self {
        Self {
            port: cx.ports().blob_or(name, open),
        }
    }

    /// Stores content under a key, in place of what is there.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](ErrorKind::InvalidKey); [`Invalid`](ErrorKind::Invalid) for a content type that is none;
    /// [`TooLarge`](ErrorKind::TooLarge) for more than 5 GiB; [`Broken`](ErrorKind::Broken) or [`Timeout`](ErrorKind::Timeout) for
    /// content that breaks off; else as [`ports::Blob`].
    pub async fn put(
        &self,
        key: &str,
        content_type: &str,
        content: impl Into<Body>,
    ) -> Result<BlobInfo, Error> {
        self.put_if(key, content_type, content, Condition::None)
            .await
    }

    /// Stores content under a key where the condition holds: there is nothing, or it has this etag.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) where it does not hold; [`Invalid`](ErrorKind::Invalid) for a condition that the service does
    /// not have for large content of unknown size, as Cloudflare's; else as [`put`](Self::put).
    pub async fn put_if(
        &self,
        key: &str,
        content_type: &str,
        content: impl Into<Body>,
        condition: Condition,
    ) -> Result<BlobInfo, Error> {
        check_key(key)?;
        check_content_type(content_type)?;
        check_condition(&condition)?;
        let content = content.into();
        check_size(content.size().unwrap_or_default())?;
        let too_large = |_| Error::new(ErrorKind::TooLarge, "the content is too large");
        let content = content.limited_to(BLOB_LIMIT).map_err(too_large)?;
        let why = Rc::new(Cell::new(None));
        let content = content.wrapped(|source| Sent {
            source,
            why: Rc::clone(&why),
        });
        let done = self.port.put(key, content_type, content, condition).await;
        // What the content itself says is nearer to the cause than what the service makes of it.
        done.map_err(|error| why.take().unwrap_or(error))
    }

    /// All of the content of a key, unless there is none.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](ErrorKind::InvalidKey), or as [`ports::Blob`].
    pub async fn get(&self, key: &str) -> Result<Option<FoundBlob>, Error> {
        self.found(key, None).await
    }

    /// A part of the content of a key, unless there is none.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for a range of which there is no byte; else as [`get`](Self::get).
    pub async fn get_range(&self, key: &str, range: BlobRange) -> Result<Option<FoundBlob>, Error> {
        self.found(key, Some(range)).await
    }

    /// What is known of the content of a key, unless there is none.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn head(&self, key: &str) -> Result<Option<BlobInfo>, Error> {
        check_key(key)?;
        self.port.head(key).await
    }

    /// Removes the content of a key. That there is none is fine.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        check_key(key)?;
        self.port.delete(key).await
    }

    /// Some of the blobs that there are, in the order of the bytes of their keys; the page says where the next one begins.
    ///
    /// # Errors
    ///
    /// As [`KeyValue::list`](super::KeyValue::list).
    pub async fn list(&self, query: ListQuery) -> Result<BlobPage, Error> {
        query.check()?;
        self.port.list(query).await
    }

    /// Answers a `GET` or `HEAD` request with the blob of a key: 200 with all of it, 206 with the part that `range` asks for, 304 or
    /// 412 for `if-none-match` and `if-match`, 416 for a range of which there is nothing (RFC 9110, sections 13 and 14).
    ///
    /// One range is answered with it; for several, and for units that are not bytes, all of the blob is. A `HEAD` request, which has
    /// no content, has no range either.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is none; else as [`get`](Self::get).
    pub async fn serve(&self, key: &str, req: &Request) -> Answer<Response> {
        conditions::serve(self, key, req).await
    }

    async fn found(&self, key: &str, range: Option<BlobRange>) -> Result<Option<FoundBlob>, Error> {
        check_key(key)?;
        let found = self.port.get(key, range).await?;
        Ok(found.map(|found| FoundBlob {
            content: found.content.of_answer(Received),
            ..found
        }))
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").finish_non_exhaustive()
    }
}

/// Content on its way to the store, which tells why it broke off.
struct Sent {
    source: Pin<Box<dyn Chunks>>,
    why: Rc<Cell<Option<Error>>>,
}

impl Chunks for Sent {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        let polled = self.source.as_mut().poll_chunk(cx);
        if let Poll::Ready(Some(Err(error))) = &polled {
            let kind = match error.kind() {
                http::ErrorKind::BodyTooLarge | http::ErrorKind::AnswerTooLarge => {
                    ErrorKind::TooLarge
                }
                http::ErrorKind::BodyTimeout => ErrorKind::Timeout,
                _ => ErrorKind::Broken,
            };
            let message = format!("the content to be stored broke off: {error}");
            self.why.set(Some(Error::new(kind, message)));
        }
        polled
    }

    fn failure(mut self: Pin<&mut Self>) -> Option<Box<dyn Any>> {
        self.source.as_mut().failure()
    }
}

/// Content of a store: where it breaks off, no client is to blame.
struct Received(Pin<Box<dyn Chunks>>);

impl Chunks for Received {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        self.0.as_mut().poll_chunk(cx).map(|made| {
            made.map(|chunk| {
                chunk.map_err(|error| {
                    http::Error::answer_broken(format!("a blob broke off: {error}"))
                })
            })
        })
    }
}
