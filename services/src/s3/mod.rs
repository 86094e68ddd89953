//! Blobs in a bucket of Amazon's S3, or of another service that speaks its protocol.

mod api;
mod bucket;
mod multipart;

use std::sync::Arc;

use guru_core::adapter::overtaken;
use guru_core::ports::{
    BlobEntry, BlobInfo, BlobPage, BlobRange, Condition, Error, ErrorKind, ListQuery, Version,
};
use http::{HeaderMap, Method};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;

use crate::{BlobStore, Called, Content, FoundContent};
use api::{Api, Ask, Repeat, text};
use multipart::{PART, gather};

pub use bucket::Bucket;

/// What is encoded in a path and a query: all but what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same in a key, whose slashes are the path's.
const ENCODED_KEY: &AsciiSet = &ENCODED.remove(b'/');

/// The type of what was stored without one.
const UNKNOWN: &str = "application/octet-stream";

/// A store of blobs in a bucket. Its calls are waited for on a tokio runtime.
#[derive(Clone, Debug)]
pub struct S3 {
    api: Arc<Api>,
    prefix: Arc<str>,
}

impl S3 {
    /// The store in this bucket. Nothing is asked for before the first call.
    #[must_use]
    pub fn open(bucket: &Bucket) -> Self {
        Self {
            api: Api::of(bucket),
            prefix: bucket.prefix.as_str().into(),
        }
    }

    fn path(&self, key: &str) -> String {
        let key = format!("{}{key}", self.prefix);
        format!("/{}", utf8_percent_encode(&key, ENCODED_KEY))
    }

    async fn put_all(
        &self,
        key: &str,
        content_type: &str,
        mut content: Content,
        condition: &Condition,
    ) -> Result<(u64, String), Error> {
        let path = self.path(key);
        let size = content.size_hint().exact();
        let is_small = size.is_none_or(|size| size <= PART as u64);
        let most = if is_small { PART + 1 } else { 0 };
        let (first, is_all) = gather(&mut content, most).await?;
        if is_small && !is_all {
            return multipart::put(&self.api, &path, content_type, first, content, condition).await;
        }
        let ask = Ask::new(Method::PUT, path).with("content-type", content_type)?;
        let mut ask = conditional(ask, condition)?;
        let (size, answer) = if is_all {
            ask.body = first;
            (ask.body.len() as u64, self.api.found(&ask).await?)
        } else {
            let size = size.unwrap_or_default();
            (size, self.api.stream(&ask, content).await?)
        };
        // It says so of what it is to replace and is not there.
        let answer = answer.ok_or_else(|| overtaken(&self.prefix))?;
        Ok((size, etag_of(answer.headers())?))
    }

    async fn page(&self, query: &ListQuery, after: &str) -> Result<Listed, Error> {
        let prefix = encoded(&format!("{}{}", self.prefix, query.prefix));
        let after = match after {
            "" => String::new(),
            after => format!(
                "&start-after={}",
                encoded(&format!("{}{after}", self.prefix))
            ),
        };
        let most = query.limit.saturating_add(1).min(1000);
        let target =
            format!("/?encoding-type=url&list-type=2&max-keys={most}&prefix={prefix}{after}");
        let listed = text(self.api.call(&Ask::new(Method::GET, target)).await?).await?;
        quick_xml::de::from_str(&listed).map_err(|_| corrupt("a list that is none"))
    }

    /// The key of an object of a list.
    fn key(&self, object: &Object) -> Result<Option<String>, Error> {
        let key = object.key.replace('+', " ");
        let key = percent_decode_str(&key)
            .decode_utf8()
            .map_err(|_| corrupt("a key that is not UTF-8"))?;
        let key = key.strip_prefix(&*self.prefix);
        // One that has the prefix alone is of somebody else.
        Ok(key.filter(|key| !key.is_empty()).map(str::to_owned))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    contents: Vec<Object>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Object {
    key: String,
    #[serde(default)]
    size: u64,
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn corrupt(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("S3 has answered with {what}"))
}

/// A write that depends on what is there.
fn conditional(mut ask: Ask, condition: &Condition) -> Result<Ask, Error> {
    ask = match condition {
        Condition::Absent => ask.with("if-none-match", "*")?,
        Condition::Version(etag) => ask.with("if-match", &format!("\"{etag}\""))?,
        _ => return Ok(ask),
    };
    // One that was done would not be the second time.
    ask.repeat = Repeat::Refused;
    Ok(ask)
}

fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

fn etag_of(headers: &HeaderMap) -> Result<String, Error> {
    let etag = headers.get("etag").and_then(|etag| etag.to_str().ok());
    etag.map(unquoted).ok_or_else(|| corrupt("no etag"))
}

/// What an answer says of an object; all of it, where it is of a part.
fn info_of(headers: &HeaderMap, size: u64) -> Result<BlobInfo, Error> {
    let content_type = headers.get("content-type");
    let content_type = content_type.and_then(|value| value.to_str().ok());
    Ok(BlobInfo {
        size,
        etag: guru_core::ports::Version::new(etag_of(headers)?),
        content_type: content_type.unwrap_or(UNKNOWN).to_owned(),
    })
}

/// Where a part begins, and how much there is of all: `bytes 2-5/10`.
fn part_of(headers: &HeaderMap) -> Option<(u64, u64)> {
    let said = headers.get("content-range")?.to_str().ok()?;
    let (range, all) = said.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = range.split_once('-')?;
    Some((from.parse().ok()?, all.parse().ok()?))
}

/// The size of what is not sent, or of what comes.
fn length_of(headers: &HeaderMap) -> Result<u64, Error> {
    let length = headers.get("content-length");
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.ok_or_else(|| corrupt("no size"))
}

impl BlobStore for S3 {
    fn put(
        &self,
        key: &str,
        content_type: &str,
        content: Content,
        condition: Condition,
    ) -> Called<BlobInfo> {
        let (this, key, content_type) = (self.clone(), key.to_owned(), content_type.to_owned());
        Box::pin(async move {
            let (size, etag) = this
                .put_all(&key, &content_type, content, &condition)
                .await?;
            Ok(BlobInfo {
                size,
                etag: Version::new(etag),
                content_type,
            })
        })
    }

    fn get(&self, key: &str, range: Option<BlobRange>) -> Called<Option<FoundContent>> {
        let (this, key) = (self.clone(), key.to_owned());
        Box::pin(async move {
            let mut ask = Ask::new(Method::GET, this.path(&key));
            if let Some(range) = range {
                range.check()?;
                // Some servers have 63 bits for a place.
                let place = |at: u64| at.min(i64::MAX as u64);
                let range = match range {
                    BlobRange::From(from) => format!("bytes={}-", place(from)),
                    BlobRange::Between(from, to) => {
                        format!("bytes={}-{}", place(from), place(to))
                    }
                    BlobRange::Last(count) => format!("bytes=-{}", place(count)),
                };
                ask = ask.with("range", &range)?;
            }
            let Some(answer) = this.api.found(&ask).await? else {
                return Ok(None);
            };
            let length = length_of(answer.headers())?;
            let (offset, size) = part_of(answer.headers()).unwrap_or((0, length));
            // An empty object is answered in whole by some.
            BlobRange::part(range, size)?;
            let info = info_of(answer.headers(), size)?;
            let broken = |error| Error::new(ErrorKind::Broken, guru_client::describe(&error));
            let content = answer.into_body().map_err(broken).boxed_unsync();
            Ok(Some(FoundContent {
                info,
                offset,
                content,
            }))
        })
    }

    fn head(&self, key: &str) -> Called<Option<BlobInfo>> {
        let (this, key) = (self.clone(), key.to_owned());
        Box::pin(async move {
            let ask = Ask::new(Method::HEAD, this.path(&key));
            let Some(answer) = this.api.found(&ask).await? else {
                return Ok(None);
            };
            let size = length_of(answer.headers())?;
            info_of(answer.headers(), size).map(Some)
        })
    }

    fn delete(&self, key: &str) -> Called<()> {
        let ask = Ask::new(Method::DELETE, self.path(key));
        let api = Arc::clone(&self.api);
        Box::pin(async move { api.found(&ask).await.map(drop) })
    }

    fn list(&self, query: ListQuery) -> Called<BlobPage> {
        let this = self.clone();
        Box::pin(async move {
            query.check_cursor()?;
            let mut blobs = Vec::new();
            let mut after = query.cursor.clone().unwrap_or_default();
            // One more says whether there is more.
            while blobs.len() <= query.limit {
                let page = this.page(&query, &after).await?;
                for object in &page.contents {
                    if let Some(key) = this.key(object)? {
                        after.clone_from(&key);
                        let size = object.size;
                        blobs.push(BlobEntry { key, size });
                    }
                }
                if !page.is_truncated || page.contents.is_empty() {
                    break;
                }
            }
            Ok(query.blob_page(blobs))
        })
    }
}
