//! The ports of key-value stores: one that may lag, and one that does not.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::pin::Pin;
use core::time::Duration;

use bytes::Bytes;

use super::{Error, ErrorKind};

/// The most bytes of a key or a prefix: those of Cloudflare's KV
/// (<https://developers.cloudflare.com/kv/platform/limits/>).
pub const KEY_LIMIT: usize = 512;

/// The most bytes of a value: 256 KiB. An item of DynamoDB has 400 KB with its key and all that is kept beside
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
pub const VALUE_LIMIT: usize = 256 * 1024;

/// The shortest time that a value can be kept for: 60 seconds, as Cloudflare's KV has it
/// (<https://developers.cloudflare.com/kv/api/write-key-value-pairs/#expiring-keys>).
pub const LEAST_TTL: Duration = Duration::from_secs(60);

/// The most keys of a page.
pub const PAGE_LIMIT: usize = 1000;

/// What a call to a store will come back with. It need not be `Send`, and borrows nothing.
pub type Called<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// A store of values by key.
///
/// A handler uses it through [`app::KeyValue`](crate::app::KeyValue), which holds keys, values, times and pages to their
/// [limits](KEY_LIMIT).
///
/// # For implementers
///
/// - A key is any text of 1 to 512 bytes but `.` and `..`, also with control characters and what a URL would encode. A value is
///   any bytes, none included, up to 256 KiB. Both come back as they were.
/// - What was written is there once the future is done, though a read may be behind, for up to 60 seconds: also one that found
///   nothing. Of two writes at the same time one is the last.
/// - Deleting what is not there is fine.
/// - A `ttl` is whole seconds, 60 or more. What has expired is neither read nor listed, from that second on, also where the
///   store itself removes it later. Writing again without one has the value stay.
/// - [`list`](Self::list) goes in the order of the keys' bytes. A page is empty only where nothing comes after it; that one comes
///   after it, may be said where it does not.
/// - Fail as below, and say which store it was, and never a value.
///
/// # For users
///
/// - Whether a write has been done that failed with [`Timeout`](ErrorKind::Timeout) or [`Broken`](ErrorKind::Broken) is not
///   known: write it again.
/// - Keys are not secret: they may be in a vendor's log.
/// - On Cloudflare one key takes about one write a second (<https://developers.cloudflare.com/kv/platform/limits/>).
///
/// # Errors
///
/// All of these fail with [`Unavailable`](ErrorKind::Unavailable) where there is no such store, or it refuses work for now;
/// [`Denied`](ErrorKind::Denied) where the deployment may not use it; [`Timeout`](ErrorKind::Timeout) and
/// [`Broken`](ErrorKind::Broken) as they say; [`Corrupt`](ErrorKind::Corrupt) for what no port has written;
/// [`Other`](ErrorKind::Other) for what the store does not tell apart.
pub trait KeyValue {
    /// The value of a key, unless there is none.
    fn get(&self, key: &str) -> Called<Option<Bytes>>;

    /// Sets the value of a key, for as long as `ttl` says, or for ever.
    fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Called<()>;

    /// Removes the value of a key, if there is one.
    fn delete(&self, key: &str) -> Called<()>;

    /// A page of the keys that there are.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](ErrorKind::InvalidKey) for a cursor that is none of this store's.
    fn list(&self, query: ListQuery) -> Called<Page>;

    /// Whether there is a value of a key.
    fn exists(&self, key: &str) -> Called<bool> {
        let value = self.get(key);
        Box::pin(async move { Ok(value.await?.is_some()) })
    }
}

/// A store whose reads are current, and whose values have versions.
///
/// # For implementers
///
/// - What was written is read by whoever asks after the future is done, and every write is all or nothing, with whatever it
///   depends on: of two at once that are for the same version, one fails.
/// - Each write gives a value a version that no other value of this key has had.
///
/// # For users
///
/// - What fails with [`Conflict`](ErrorKind::Conflict) has changed nothing: read again, decide again, write again.
pub trait Atomic: KeyValue {
    /// The value of a key and its version, unless there is none.
    fn read(&self, key: &str) -> Called<Option<(Bytes, Version)>>;

    /// Sets the value of a key where the condition holds; its new version.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) where it does not.
    fn write(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Called<Version>;

    /// Adds to the number that a value is, as the text of a decimal `i64` without leading zeros or `+`; what is not there counts
    /// as 0. The sum, which the value is then. When it expires stays as it was.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) where the value is no such number, or the sum is none.
    fn add(&self, key: &str, by: i64) -> Called<i64>;
}

/// The version of a value: an opaque text of digits and letters, which says nothing of its age.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(Box<str>);

impl Version {
    /// A version by its text, as a client has it. One that no value ever had matches none.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into_boxed_str())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What must hold for a value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// Nothing.
    None,
    /// There is no value.
    Absent,
    /// The value has this version.
    Version(Version),
}

/// Which keys to list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListQuery {
    /// What they begin with, which may be nothing.
    pub prefix: String,
    /// The most that are wanted, 1 to 1000.
    pub limit: usize,
    /// Where the page before this one ended, as it says itself.
    pub cursor: Option<String>,
}

impl ListQuery {
    /// The first thousand of those that begin with `prefix`.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            limit: PAGE_LIMIT,
            cursor: None,
        }
    }

    /// Sets how many are wanted at most, 1 to 1000.
    #[must_use]
    pub const fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Begins where the page before this one ended.
    #[must_use]
    pub fn with_cursor(mut self, cursor: Option<String>) -> Self {
        self.cursor = cursor;
        self
    }

    /// Holds it to the limits of all stores.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](ErrorKind::InvalidKey) for a prefix of more than 512 bytes, and for a page of none or more than a thousand.
    pub fn check(&self) -> Result<(), Error> {
        if self.prefix.len() > KEY_LIMIT {
            return Err(invalid(format!("a prefix has {KEY_LIMIT} bytes at most")));
        }
        if !(1..=PAGE_LIMIT).contains(&self.limit) {
            return Err(invalid(format!("a page has 1 to {PAGE_LIMIT} keys")));
        }
        Ok(())
    }

    /// Holds the cursor of a store to being a key, for one whose cursor is the last key.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](ErrorKind::InvalidKey) for one that no page has had.
    pub fn check_cursor(&self) -> Result<(), Error> {
        match self.cursor.as_deref().map(check_key) {
            Some(Err(_)) => Err(invalid("the cursor is none of this store's".into())),
            _ => Ok(()),
        }
    }

    /// Where to begin in the order of the bytes, and which key to leave out, for a store whose cursor is the last key.
    ///
    /// ```
    /// use guru_core::ports::ListQuery;
    ///
    /// let query = ListQuery::new("a/").with_cursor(Some("a/7".into()));
    /// assert_eq!(query.range(), ("a/7", "a/7"));
    /// assert_eq!(ListQuery::new("a/").range(), ("a/", ""));
    /// ```
    #[must_use]
    pub fn range(&self) -> (&str, &str) {
        let after = self.cursor.as_deref().unwrap_or_default();
        (after.max(&self.prefix), after)
    }

    /// The page of a store whose cursor is the last key, out of what it found from the [beginning](Self::range) on, in order:
    /// at most one key more than the limit.
    pub fn page(&self, found: impl IntoIterator<Item = String>) -> Page {
        let (keys, cursor) = self.paged(found, |key| key);
        Page { keys, cursor }
    }

    /// The same for anything that has a key.
    pub(super) fn paged<T>(
        &self,
        found: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> &String,
    ) -> (Vec<T>, Option<String>) {
        let found = found.into_iter();
        let found = found.take_while(|one| key(one).starts_with(&self.prefix));
        let mut all: Vec<T> = found.take(self.limit.saturating_add(1)).collect();
        let is_more = all.len() > self.limit;
        all.truncate(self.limit);
        let cursor = all.last().filter(|_| is_more).map(|last| key(last).clone());
        (all, cursor)
    }
}

/// Some of the keys that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The keys, in the order of their bytes.
    pub keys: Vec<String>,
    /// What the next page is asked for with, unless this is the last.
    pub cursor: Option<String>,
}

/// Holds a key to the limits of all stores.
///
/// # Errors
///
/// [`InvalidKey`](ErrorKind::InvalidKey) for one that is empty, `.`, `..` or longer than 512 bytes.
pub fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() || key == "." || key == ".." {
        return Err(invalid("a key is neither empty nor `.` nor `..`".into()));
    }
    if key.len() > KEY_LIMIT {
        return Err(invalid(format!("a key has {KEY_LIMIT} bytes at most")));
    }
    Ok(())
}

/// Holds a value, and how long it is kept, to the limits of all stores.
///
/// # Errors
///
/// [`TooLarge`](ErrorKind::TooLarge) for one of more than 256 KiB, [`Invalid`](ErrorKind::Invalid) for less than 60 seconds.
pub fn check_value(value: &[u8], ttl: Option<Duration>) -> Result<(), Error> {
    if value.len() > VALUE_LIMIT {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("a value has {VALUE_LIMIT} bytes at most"),
        ));
    }
    if ttl.is_some_and(|ttl| ttl < LEAST_TTL) {
        return Err(Error::new(
            ErrorKind::Invalid,
            "a value is kept for 60 seconds or more",
        ));
    }
    Ok(())
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidKey, message)
}

/// The number that a value is, if it is one: the text of a decimal `i64` as [`Atomic::add`] writes it.
///
/// ```
/// use guru_core::ports::number;
///
/// assert_eq!(number(b"-7"), Some(-7));
/// for other in ["", "07", "+7", "-0", "7 ", "9223372036854775808"] {
///     assert_eq!(number(other.as_bytes()), None);
/// }
/// ```
#[must_use]
pub fn number(value: &[u8]) -> Option<i64> {
    let text = core::str::from_utf8(value).ok()?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
