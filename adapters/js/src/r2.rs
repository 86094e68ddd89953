//! Blobs in a bucket of Cloudflare's R2 (<https://developers.cloudflare.com/r2/>): a binding of the port's name.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_core::Body;
use guru_core::http::{self, Chunks};
use guru_core::ports::{
    self, BlobEntry, BlobInfo, BlobPage, BlobRange, Called, Condition, Error, ErrorKind, FoundBlob,
    ListQuery, Version,
};
use wasm_bindgen::prelude::*;

use crate::calls::{Call, Reply};
use crate::stores::{call, corrupt, failure};

/// The host's part, which is there only in a worker whose function has blobs: `r2.js`.
#[wasm_bindgen]
extern "C" {
    /// Replies with JSON: size, etag and content type; or nothing.
    #[wasm_bindgen(js_namespace = host, js_name = "r2Head")]
    fn head(number: u32, store: &str, key: &str);

    /// Replies in the same way, and has the content read by this number. The range is none (0), from a byte (1), between two (2), or
    /// so many at the end (3).
    #[wasm_bindgen(js_namespace = host, js_name = "r2Get")]
    fn get(number: u32, store: &str, key: &str, kind: u8, from: f64, to: f64);

    /// Reads on in content. Replies with bytes, or without at the end.
    #[wasm_bindgen(js_namespace = host, js_name = "r2Read")]
    fn read(number: u32, store: &str, id: u32);

    /// Stores content. The condition is an etag, an empty text where there is to be none, or nothing. Replies as `head`.
    #[wasm_bindgen(js_namespace = host, js_name = "r2Put")]
    fn put(
        number: u32,
        store: &str,
        key: &str,
        content_type: &str,
        condition: Option<&str>,
        content: &[u8],
    );

    /// Begins to store content of this size, or an unknown one (NaN), which is written by this number.
    #[wasm_bindgen(js_namespace = host, js_name = "r2Begin")]
    fn begin(
        number: u32,
        store: &str,
        key: &str,
        content_type: &str,
        condition: Option<&str>,
        size: f64,
    );

    #[wasm_bindgen(js_namespace = host, js_name = "r2Write")]
    fn write(number: u32, store: &str, id: u32, chunk: &[u8]);

    /// Stores what was written. Replies as `head`.
    #[wasm_bindgen(js_namespace = host, js_name = "r2Finish")]
    fn finish(number: u32, store: &str, id: u32);

    /// Cancels what is read or written.
    #[wasm_bindgen(js_namespace = host, js_name = "r2Drop")]
    fn abandon(id: u32);

    #[wasm_bindgen(js_namespace = host, js_name = "r2Delete")]
    fn delete(number: u32, store: &str, key: &str);

    /// Replies with JSON, a list of keys and sizes, and whether there is more.
    #[wasm_bindgen(js_namespace = host, js_name = "r2List")]
    fn list(number: u32, store: &str, prefix: &str, limit: u32, after: Option<&str>);
}

/// The blobs of this name.
#[doc(hidden)]
#[must_use]
pub fn blob(name: &'static str) -> Rc<dyn ports::Blob> {
    Rc::new(R2(name))
}

struct R2(&'static str);

/// Content that the host reads or writes by a number. Dropping it cancels that.
struct Held(u32);

impl Drop for Held {
    fn drop(&mut self) {
        abandon(self.0);
    }
}

/// What a reply says of a blob, if there is one.
fn info(store: &str, reply: &Reply) -> Result<Option<BlobInfo>, Error> {
    if reply.text.is_empty() {
        return Ok(None);
    }
    let said: Result<(u64, String, String), _> = serde_json::from_str(&reply.text);
    let (size, etag, content_type) = said.map_err(|_| corrupt(store))?;
    Ok(Some(BlobInfo {
        size,
        etag: Version::new(etag),
        content_type,
    }))
}

fn stored(store: &str, reply: &Reply) -> Result<BlobInfo, Error> {
    info(store, reply)?.ok_or_else(|| corrupt(store))
}

/// A place in a blob, for JavaScript, which has 53 bits for it.
#[expect(
    clippy::cast_precision_loss,
    reason = "what is left is within the 53 bits of a float"
)]
fn place(at: u64) -> f64 {
    at.min((1 << 53) - 1) as f64
}

/// Begins a call whose number stays the one of what is held by it.
fn held(
    store: &'static str,
    begin: impl FnOnce(u32),
) -> (Held, impl Future<Output = Result<Reply, Error>> + 'static) {
    let call = Call::new();
    let id = call.0;
    begin(id);
    let said = async move {
        let said = poll_fn(|cx| call.poll(cx, Vec::pop)).await;
        failure(store, &said).map_or(Ok(said), Err)
    };
    (Held(id), said)
}

impl ports::Blob for R2 {
    fn put(
        &self,
        key: &str,
        content_type: &str,
        content: Body,
        condition: Condition,
    ) -> Called<BlobInfo> {
        let name = self.0;
        let condition = match &condition {
            Condition::Absent => Some(""),
            Condition::Version(etag) => Some(etag.as_str()),
            _ => None,
        };
        let size = content.size().map_or(f64::NAN, place);
        let mut body = match content.into_bytes() {
            Ok(bytes) => {
                let said = call(name, |number| {
                    put(number, name, key, content_type, condition, &bytes);
                });
                return Box::pin(async move { stored(name, &said.await?) });
            }
            Err(body) => body,
        };
        let (upload, begun) = held(name, |number| {
            begin(number, name, key, content_type, condition, size);
        });
        Box::pin(async move {
            // All of it, and not its number alone, which would have it dropped before.
            let upload = upload;
            begun.await?;
            let id = upload.0;
            let broken = |error: http::Error| Error::new(ErrorKind::Broken, error.to_string());
            while let Some(chunk) = body.chunk().await.map_err(broken)? {
                call(name, |number| write(number, name, id, &chunk)).await?;
            }
            let said = call(name, |number| finish(number, name, id)).await?;
            stored(name, &said)
        })
    }

    fn get(&self, key: &str, range: Option<BlobRange>) -> Called<Option<FoundBlob>> {
        let name = self.0;
        if let Some(Err(error)) = range.map(BlobRange::check) {
            return Box::pin(async { Err(error) });
        }
        let (kind, from, to) = match range {
            None => (0, 0, 0),
            Some(BlobRange::From(from)) => (1, from, 0),
            Some(BlobRange::Between(from, to)) => (2, from, to),
            Some(BlobRange::Last(count)) => (3, count, 0),
        };
        let (content, said) = held(name, |number| {
            get(number, name, key, kind, place(from), place(to));
        });
        Box::pin(async move {
            let Some(info) = info(name, &said.await?)? else {
                return Ok(None);
            };
            let (offset, count) = BlobRange::part(range, info.size)?;
            let content = Content {
                store: name,
                held: Some(content),
                reading: None,
            };
            Ok(Some(FoundBlob {
                info,
                offset,
                content: Body::sized_stream(count, content),
            }))
        })
    }

    fn head(&self, key: &str) -> Called<Option<BlobInfo>> {
        let name = self.0;
        let said = call(name, |number| head(number, name, key));
        Box::pin(async move { info(name, &said.await?) })
    }

    fn delete(&self, key: &str) -> Called<()> {
        let said = call(self.0, |number| delete(number, self.0, key));
        Box::pin(async move { said.await.map(drop) })
    }

    fn list(&self, query: ListQuery) -> Called<BlobPage> {
        let name = self.0;
        if let Err(error) = query.check_cursor() {
            return Box::pin(async { Err(error) });
        }
        // A page has a thousand keys at most.
        let limit = u32::try_from(query.limit).unwrap_or(u32::MAX);
        let said = call(name, |number| {
            let after = query.cursor.as_deref();
            list(number, name, &query.prefix, limit, after);
        });
        Box::pin(async move {
            let said = said.await?;
            let blobs: Result<Vec<(String, u64)>, _> = serde_json::from_str(&said.text);
            let blobs = blobs.map_err(|_| corrupt(name))?.into_iter();
            let blobs: Vec<_> = blobs.map(|(key, size)| BlobEntry { key, size }).collect();
            let last = blobs.last().filter(|_| said.size > 0.0);
            let cursor = last.map(|last| last.key.clone());
            Ok(BlobPage { blobs, cursor })
        })
    }
}

/// A call for the next chunk.
type Reading = Pin<Box<dyn Future<Output = Result<Reply, Error>>>>;

/// Content that the host reads.
struct Content {
    store: &'static str,
    /// Nothing, once it is over.
    held: Option<Held>,
    reading: Option<Reading>,
}

impl Chunks for Content {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        let this = &mut *self;
        let Some(Held(id)) = &this.held else {
            return Poll::Ready(None);
        };
        let id = *id;
        let reading = this.reading.get_or_insert_with(|| {
            Box::pin(call(this.store, |number| read(number, this.store, id)))
        });
        let Poll::Ready(came) = reading.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        this.reading = None;
        let came = match came {
            Ok(reply) => reply.bytes.map(|bytes| Ok(bytes.into())),
            Err(error) => Some(Err(http::Error::broken(error.to_string()))),
        };
        if !matches!(came, Some(Ok(_))) {
            this.held = None;
        }
        Poll::Ready(came)
    }
}
