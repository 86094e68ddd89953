//! The port of blobs that a handler uses, of a service.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_core::Body;
use guru_core::http::{self, Chunks};
use guru_core::ports::{
    self, Blob, BlobInfo, BlobPage, BlobRange, Called, Condition, ErrorKind, FoundBlob, ListQuery,
};
use http_body::Body as _;

use crate::content::{self, Content, Feeder};
use crate::local::Missing;
use crate::{BlobStore, FoundContent};

/// A store of blobs as the port of a handler on this thread.
#[derive(Clone)]
pub struct LocalBlob(Arc<dyn BlobStore>);

impl LocalBlob {
    /// The port of a store.
    #[must_use]
    pub fn new(store: Arc<dyn BlobStore>) -> Self {
        Self(store)
    }

    /// The port of a store that there is not: each call fails with this.
    #[must_use]
    pub fn missing(error: ports::Error) -> Self {
        Self(Arc::new(Missing(error)))
    }
}

impl Blob for LocalBlob {
    fn put(
        &self,
        key: &str,
        content_type: &str,
        content: Body,
        condition: Condition,
    ) -> Called<BlobInfo> {
        let size = content.size();
        let body = match content.into_bytes() {
            Ok(bytes) => {
                let content = content::whole(bytes);
                return self.0.put(key, content_type, content, condition);
            }
            Err(body) => body,
        };
        let (feeder, content) = content::fed(size);
        let mut put = self.0.put(key, content_type, content, condition);
        Box::pin(async move {
            let mut feeding = pin!(feed(body, feeder));
            let mut is_fed = false;
            poll_fn(|cx| {
                is_fed = is_fed || feeding.as_mut().poll(cx).is_ready();
                put.as_mut().poll(cx)
            })
            .await
        })
    }

    fn get(&self, key: &str, range: Option<BlobRange>) -> Called<Option<FoundBlob>> {
        let found = self.0.get(key, range);
        Box::pin(async move {
            let found = found.await?;
            Ok(found.map(
                |FoundContent {
                     info,
                     offset,
                     content,
                 }| {
                    let size = content.size_hint().exact();
                    let content = match size {
                        Some(size) => Body::sized_stream(size, Arriving(content)),
                        None => Body::stream(Arriving(content)),
                    };
                    FoundBlob {
                        info,
                        offset,
                        content,
                    }
                },
            ))
        })
    }

    fn head(&self, key: &str) -> Called<Option<BlobInfo>> {
        self.0.head(key)
    }

    fn delete(&self, key: &str) -> Called<()> {
        self.0.delete(key)
    }

    fn list(&self, query: ListQuery) -> Called<BlobPage> {
        self.0.list(query)
    }
}

impl std::fmt::Debug for LocalBlob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LocalBlob").finish_non_exhaustive()
    }
}

/// Sends a body of this thread to a service.
async fn feed(mut body: Body, feeder: Feeder) {
    loop {
        match body.chunk().await {
            Ok(Some(chunk)) => {
                if !feeder.send(chunk).await {
                    return;
                }
            }
            Ok(None) => return feeder.finish().await,
            Err(error) => {
                let error = ports::Error::new(ErrorKind::Broken, error.to_string());
                return feeder.fail(error).await;
            }
        }
    }
}

/// Content of a service, as a handler reads it.
struct Arriving(Content);

impl Chunks for Arriving {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, http::Error>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.0).poll_frame(cx) else {
                return Poll::Pending;
            };
            return Poll::Ready(match frame {
                None => None,
                Some(Err(error)) => Some(Err(http::Error::broken(error.to_string()))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(chunk) if !chunk.is_empty() => Some(Ok(chunk)),
                    _ => continue,
                },
            });
        }
    }
}

impl BlobStore for Missing {
    fn put(&self, _: &str, _: &str, _: Content, _: Condition) -> crate::Called<BlobInfo> {
        self.fail()
    }

    fn get(&self, _: &str, _: Option<BlobRange>) -> crate::Called<Option<FoundContent>> {
        self.fail()
    }

    fn head(&self, _: &str) -> crate::Called<Option<BlobInfo>> {
        self.fail()
    }

    fn delete(&self, _: &str) -> crate::Called<()> {
        self.fail()
    }

    fn list(&self, _: ListQuery) -> crate::Called<BlobPage> {
        self.fail()
    }
}
