//! Content whose size nobody knows before its end, in parts
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use guru_core::ports::{Condition, Error, ErrorKind};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use serde::Deserialize;

use super::api::{Api, Ask, Failure, Repeat, text};
use super::{conditional, unquoted};
use crate::Content;

/// The least that a part may have but for the last one; as little as that is held in memory.
pub(super) const PART: usize = 5 * 1024 * 1024;

/// Parts of more, from here on: there may be 10,000.
const LARGER_FROM: usize = 500;

#[derive(Deserialize)]
struct Begun {
    #[serde(rename = "UploadId")]
    id: String,
}

#[derive(Deserialize)]
struct Completed {
    #[serde(rename = "ETag")]
    etag: String,
}

/// What has come of content, and whether that is all.
pub(super) async fn gather(content: &mut Content, most: usize) -> Result<(Bytes, bool), Error> {
    let mut gathered = BytesMut::new();
    while gathered.len() < most {
        match content.frame().await.transpose()? {
            None => return Ok((gathered.freeze(), true)),
            Some(frame) => {
                if let Ok(chunk) = frame.into_data() {
                    gathered.extend_from_slice(&chunk);
                }
            }
        }
    }
    Ok((gathered.freeze(), false))
}

/// Stores content that begins with this in parts; its size and its etag. One that breaks off leaves nothing.
pub(super) async fn put(
    api: &Arc<Api>,
    path: &str,
    content_type: &str,
    first: Bytes,
    content: Content,
    condition: &Condition,
) -> Result<(u64, String), Error> {
    let ask = Ask::new(Method::POST, format!("{path}?uploads="));
    let begun = text(api.call(&ask.with("content-type", content_type)?).await?).await?;
    let begun: Begun = read(&begun)?;
    let upload = Upload {
        api: Arc::clone(api),
        target: format!("{path}?uploadId={}", super::encoded(&begun.id)),
        is_over: false,
    };
    upload
        .go_on(path, &begun.id, first, content, condition)
        .await
}

/// An upload that is abandoned unless it is completed: its parts would be kept, and paid for, for ever.
struct Upload {
    api: Arc<Api>,
    target: String,
    is_over: bool,
}

impl Upload {
    async fn go_on(
        mut self,
        path: &str,
        id: &str,
        first: Bytes,
        mut content: Content,
        condition: &Condition,
    ) -> Result<(u64, String), Error> {
        let (mut part, mut is_last) = (first, false);
        let (mut size, mut number) = (0, 0);
        let mut parts = String::new();
        loop {
            number += 1;
            size += part.len() as u64;
            let id = super::encoded(id);
            let mut ask = Ask::new(
                Method::PUT,
                format!("{path}?partNumber={number}&uploadId={id}"),
            );
            ask.body = part;
            let answer = self.api.call(&ask).await?;
            let etag = answer.headers().get("etag");
            let etag = etag.and_then(|etag| etag.to_str().ok()).unwrap_or_default();
            let etag = quick_xml::escape::escape(etag);
            parts.push_str(&format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
            ));
            if is_last {
                break;
            }
            let most = if number < LARGER_FROM { PART } else { 4 * PART };
            (part, is_last) = gather(&mut content, most).await?;
            if part.is_empty() {
                break;
            }
        }
        let mut ask = Ask::new(Method::POST, self.target.clone());
        ask.body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>").into();
        ask.repeat = Repeat::Refused;
        let mut ask = conditional(ask, condition)?;
        if *condition != Condition::None {
            // Where another write came between, it is of no use to complete it again.
            ask.repeat = Repeat::Never;
        }
        let said = text(self.api.call(&ask).await?).await?;
        // It may answer 200 before it fails.
        let completed: Completed = read(&said).map_err(|error| {
            let failure: Failure = quick_xml::de::from_str(&said).unwrap_or_default();
            let (failed, _) = self
                .api
                .failure(StatusCode::INTERNAL_SERVER_ERROR, &failure);
            if said.contains("<Error>") {
                failed
            } else {
                error
            }
        })?;
        self.is_over = true;
        Ok((size, unquoted(&completed.etag)))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let (api, target) = (Arc::clone(&self.api), std::mem::take(&mut self.target));
        // Without a runtime, nothing can be said any more: a rule of the bucket's removes what is left over.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = api.call(&Ask::new(Method::DELETE, target)).await;
            });
        }
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    quick_xml::de::from_str(text).map_err(|_| {
        Error::new(
            ErrorKind::Corrupt,
            "S3 has answered with what is none of its answers",
        )
    })
}
