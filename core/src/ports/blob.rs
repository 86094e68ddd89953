//! The port of blobs: content of any size by key.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Called, Condition, Error, ErrorKind, ListQuery, Version};
use crate::http::Body;

/// The most bytes of a blob: 5 GiB, what S3 takes in one request
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html>).
pub const BLOB_LIMIT: u64 = 5 * 1024 * 1024 * 1024;

/// The most bytes of a content type.
pub const CONTENT_TYPE_LIMIT: usize = 256;

/// A store of content by key, which may be large.
///
/// A handler uses it through [`app::Blob`](crate::app::Blob), which holds keys, sizes, content types and pages to their limits.
///
/// # For implementers
///
/// - A key is as that of [`KeyValue`](super::KeyValue): any text of 1 to 512 bytes but `.` and `..`. It is a name, and no path:
///   `a`, `a/b` and `a//b` are three blobs.
/// - [`put`](Self::put) stores all of its content or nothing: one that breaks off, or whose future is dropped before the end,
///   leaves what was there before. It reads the content once, and no more of it ahead than a part. What was put is read by
///   whoever asks after the future is done.
/// - Of two writes at the same time one is the last; where both are for the same version, one fails.
/// - An etag is another one where the content is another one. The same content may have the same.
/// - [`get`](Self::get) is of one version from the first chunk to the last, though it be replaced meanwhile, or breaks off. Its body
///   has a known size.
/// - Deleting what is not there is fine.
/// - [`list`](Self::list) goes in the order of the keys' bytes, as that of [`KeyValue`](super::KeyValue).
/// - Fail as below, and say which store it was, and never content.
///
/// # For users
///
/// - Whether a write has been done that failed with [`Timeout`](ErrorKind::Timeout) or [`Broken`](ErrorKind::Broken) is not
///   known: write it again.
/// - Keys are not secret: they may be in a vendor's log.
/// - Content of a [known size](Body::sized_stream) is sent as it comes; one of unknown size in parts of some MiB, each of which is in
///   memory.
///
/// # Errors
///
/// As [`KeyValue`](super::KeyValue).
pub trait Blob {
    /// Stores content where the condition holds.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) where it does not; [`Invalid`](ErrorKind::Invalid) where the service has no such
    /// condition for content of this kind.
    fn put(
        &self,
        key: &str,
        content_type: &str,
        content: Body,
        condition: Condition,
    ) -> Called<BlobInfo>;

    /// The content of a key, or a part of it, unless there is none.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for a range of which there is no byte.
    fn get(&self, key: &str, range: Option<BlobRange>) -> Called<Option<FoundBlob>>;

    /// What is known of the content of a key, unless there is none.
    fn head(&self, key: &str) -> Called<Option<BlobInfo>>;

    /// Removes the content of a key, if there is some.
    fn delete(&self, key: &str) -> Called<()>;

    /// A page of the keys that there are.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](ErrorKind::InvalidKey) for a cursor that is none of this store's.
    fn list(&self, query: ListQuery) -> Called<BlobPage>;
}

/// What is known of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// How many bytes there are of it.
    pub size: u64,
    /// Which content it is: an opaque text.
    pub etag: Version,
    /// The content type that it was stored with.
    pub content_type: String,
}

/// A blob, or a part of it.
#[derive(Debug)]
pub struct FoundBlob {
    /// What is known of all of it.
    pub info: BlobInfo,
    /// Where the content begins that is here.
    pub offset: u64,
    /// The content, of a known size.
    pub content: Body,
}

/// A part of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobRange {
    /// What begins at this byte.
    From(u64),
    /// From the first of these bytes to the second, which is part of it; less where there is less.
    Between(u64, u64),
    /// So many bytes at the end; all where there are fewer.
    Last(u64),
}

impl BlobRange {
    /// Where it begins in a blob of this size, and how many bytes it has; nothing where it has none.
    ///
    /// ```
    /// use guru_core::ports::BlobRange;
    ///
    /// assert_eq!(BlobRange::Between(2, 3).within(10), Some((2, 2)));
    /// assert_eq!(BlobRange::From(9).within(10), Some((9, 1)));
    /// assert_eq!(BlobRange::Last(20).within(10), Some((0, 10)));
    /// assert_eq!(BlobRange::From(10).within(10), None);
    /// ```
    #[must_use]
    pub fn within(self, size: u64) -> Option<(u64, u64)> {
        let last = size.checked_sub(1)?;
        let (from, to) = match self {
            Self::From(from) => (from, last),
            Self::Between(from, to) => (from, to.min(last)),
            Self::Last(0) => return None,
            Self::Last(count) => (size.saturating_sub(count), last),
        };
        (from <= to).then(|| (from, to - from + 1))
    }

    /// Where a part of a blob of this size begins, or all of it, and how many bytes it has.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for a range of which there is no byte.
    pub fn part(range: Option<Self>, size: u64) -> Result<(u64, u64), Error> {
        let part = match range {
            Some(range) => range.within(size),
            None => Some((0, size)),
        };
        part.ok_or_else(no_byte)
    }

    /// Holds a range to one of which a blob can have a byte, for a store that would take another for something else.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for one that goes backwards, or has no bytes at the end.
    pub fn check(self) -> Result<(), Error> {
        self.within(u64::MAX).map(drop).ok_or_else(no_byte)
    }
}

fn no_byte() -> Error {
    Error::new(ErrorKind::Invalid, "the blob has no byte in this range")
}

/// Some of the blobs that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobPage {
    /// The blobs, in the order of the bytes of their keys.
    pub blobs: Vec<BlobEntry>,
    /// What the next page is asked for with, unless this is the last.
    pub cursor: Option<String>,
}

/// A blob of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobEntry {
    /// Its key.
    pub key: String,
    /// How many bytes it has.
    pub size: u64,
}

impl ListQuery {
    /// The page of a store whose cursor is the last key, out of what it found from the [beginning](Self::range) on, in order:
    /// at most one blob more than the limit.
    pub fn blob_page(&self, found: impl IntoIterator<Item = BlobEntry>) -> BlobPage {
        let (blobs, cursor) = self.paged(found, |blob| &blob.key);
        BlobPage { blobs, cursor }
    }
}

/// Holds content to the most bytes that a blob has.
///
/// # Errors
///
/// [`TooLarge`](ErrorKind::TooLarge) for more.
pub fn check_size(size: u64) -> Result<(), Error> {
    if size <= BLOB_LIMIT {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::TooLarge,
        format!("a blob has {BLOB_LIMIT} bytes at most"),
    ))
}

/// Holds a condition to what a store can be asked for: an etag that no blob has is another's.
///
/// # Errors
///
/// [`Conflict`](ErrorKind::Conflict) for one that is empty, `*`, or has others than visible ASCII, a quote or a comma in it.
pub fn check_condition(condition: &Condition) -> Result<(), Error> {
    let Condition::Version(etag) = condition else {
        return Ok(());
    };
    let etag = etag.as_str();
    let is_inner = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b',';
    if !etag.is_empty() && etag != "*" && etag.bytes().all(is_inner) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Conflict, "no blob has such an etag"))
}

/// Holds a content type to what every store and every header takes.
///
/// # Errors
///
/// [`Invalid`](ErrorKind::Invalid) for one that is empty, has more than 256 bytes, or others than visible ASCII and spaces.
pub fn check_content_type(content_type: &str) -> Result<(), Error> {
    let is_text = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let is_one = content_type.bytes().all(is_text)
        && !content_type.is_empty()
        && content_type.trim() == content_type
        && content_type.len() <= CONTENT_TYPE_LIMIT;
    if is_one {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        format!("a content type has 1 to {CONTENT_TYPE_LIMIT} visible characters"),
    ))
}
