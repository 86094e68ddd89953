//! Blobs, by the interface of `guru:ports`. A function that has none does not import it.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_core::Body;
use guru_core::adapter::BLOB_CHUNK;
use guru_core::http::{self, Chunks};
use guru_core::ports::{
    self, BlobEntry, BlobInfo, BlobPage, BlobRange, Called, Condition, Error, ErrorKind, FoundBlob,
    ListQuery, Version,
};
use guru_wit::blob::{self as contents, Download};

use crate::failure::failure;

/// The blobs of this name.
#[must_use]
pub fn blob(name: &'static str) -> Rc<dyn ports::Blob> {
    Rc::new(Blob(name))
}

struct Blob(&'static str);

fn failed(error: contents::Error) -> Error {
    failure!(error, contents[InvalidKey])
}

fn info(info: contents::Info) -> BlobInfo {
    BlobInfo {
        size: info.size,
        etag: Version::new(info.etag),
        content_type: info.content_type,
    }
}

fn condition(condition: Condition) -> contents::Condition {
    match condition {
        Condition::Absent => contents::Condition::Absent,
        Condition::Version(etag) => contents::Condition::Etag(etag.to_string()),
        _ => contents::Condition::None,
    }
}

fn found(found: contents::Found) -> FoundBlob {
    let reading = Reading::Idle(found.content);
    FoundBlob {
        info: info(found.info),
        offset: found.offset,
        content: Body::sized_stream(found.size, reading),
    }
}

impl ports::Blob for Blob {
    fn put(&self, key: &str, content_type: &str, content: Body, on: Condition) -> Called<BlobInfo> {
        let (store, key, content_type) =
            (self.0.to_owned(), key.to_owned(), content_type.to_owned());
        let (size, on) = (content.size(), condition(on));
        Box::pin(async move {
            let is_small = size.is_some_and(|size| size <= BLOB_CHUNK as u64);
            let mut body = match content.into_bytes() {
                Ok(bytes) if !is_small => bytes.into(),
                Ok(bytes) => {
                    let put = contents::put(store, key, content_type, bytes.into(), on);
                    return put.await.map(info).map_err(failed);
                }
                Err(body) => body,
            };
            let upload = contents::begin(store, key, content_type, size, on);
            let upload = upload.await.map_err(failed)?;
            // Dropping it before its end stores nothing.
            let broken = |error: http::Error| Error::new(ErrorKind::Broken, error.to_string());
            while let Some(mut chunk) = body.chunk().await.map_err(broken)? {
                while !chunk.is_empty() {
                    let part = chunk.split_to(chunk.len().min(BLOB_CHUNK));
                    upload.write(part.into()).await.map_err(failed)?;
                }
            }
            upload.finish().await.map(info).map_err(failed)
        })
    }

    fn get(&self, key: &str, range: Option<BlobRange>) -> Called<Option<FoundBlob>> {
        let range = range.map(|range| match range {
            BlobRange::From(from) => contents::Range::StartingAt(from),
            BlobRange::Between(from, to) => contents::Range::Between((from, to)),
            BlobRange::Last(count) => contents::Range::Last(count),
        });
        let got = contents::get(self.0.to_owned(), key.to_owned(), range);
        Box::pin(async move { Ok(got.await.map_err(failed)?.map(found)) })
    }

    fn head(&self, key: &str) -> Called<Option<BlobInfo>> {
        let head = contents::head(self.0.to_owned(), key.to_owned());
        Box::pin(async move { Ok(head.await.map_err(failed)?.map(info)) })
    }

    fn delete(&self, key: &str) -> Called<()> {
        let done = contents::delete(self.0.to_owned(), key.to_owned());
        Box::pin(async move { done.await.map_err(failed) })
    }

    fn list(&self, query: ListQuery) -> Called<BlobPage> {
        // A page has a thousand keys at most.
        let limit = u32::try_from(query.limit).unwrap_or(u32::MAX);
        let listed = contents::list_blobs(self.0.to_owned(), query.prefix, limit, query.cursor);
        Box::pin(async move {
            let contents::Page { blobs, cursor } = listed.await.map_err(failed)?;
            let entry = |contents::Entry { key, size }| BlobEntry { key, size };
            Ok(BlobPage {
                blobs: blobs.into_iter().map(entry).collect(),
                cursor,
            })
        })
    }
}

type Read = Pin<Box<dyn Future<Output = (Download, Result<Option<Vec<u8>>, contents::Error>)>>>;

/// Content that the host reads. Dropping it cancels that.
enum Reading {
    Idle(Download),
    Busy(Read),
    Over,
}

impl Chunks for Reading {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        let mut read: Read = match std::mem::replace(&mut *self, Self::Over) {
            Self::Idle(download) => Box::pin(async move {
                let read = download.read().await;
                (download, read)
            }),
            Self::Busy(read) => read,
            Self::Over => return Poll::Ready(None),
        };
        let Poll::Ready((download, came)) = read.as_mut().poll(cx) else {
            *self = Self::Busy(read);
            return Poll::Pending;
        };
        Poll::Ready(match came {
            Ok(Some(chunk)) => {
                *self = Self::Idle(download);
                Some(Ok(chunk.into()))
            }
            Ok(None) => None,
            Err(error) => Some(Err(http::Error::broken(error.message))),
        })
    }
}
