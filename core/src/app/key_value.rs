//! Key-value stores, as a handler uses them. What is the same on every target is here: keys, sizes, times, and conversions. It
//! must not know who keeps the values.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;
use core::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Context;
use crate::ports::{self, Condition, Error, ErrorKind, ListQuery, Page, Version};
use crate::ports::{check_key, check_value};

/// A key-value store that the function declares.
///
/// - A key is a text of 1 to 512 bytes, but neither `.` nor `..`; a value is any bytes, up to 256 KiB.
/// - A read may be behind by up to 60 seconds (Cloudflare), also one that finds nothing: [`Atomic`] stores are current.
/// - What may be read for a while only is set by [`set_for`](Self::set_for).
///
/// An error converts with `?`: into a 400 for a key that no store can have, a 413 for a value that is too large, and otherwise as
/// [`ports::ErrorKind`] says, mostly into a 502 or 503.
///
/// ```
/// use guru_core::{App, Context, Error, KeyValue, Request, Response, Result, Status, memory};
/// # fn links(cx: &Context) -> KeyValue { KeyValue::new(cx, "links", |_| unreachable!()) }
///
/// async fn follow(cx: Context, req: Request) -> Result<Response> {
///     let name: String = req.param("name")?;
///     let link = links(&cx).get(&name).await?.ok_or_else(Error::not_found)?;
///     Ok(Response::redirect(Status::FOUND, link.text()?)?)
/// }
///
/// let client = memory::Client::new(App::new().get("/{name}", follow))?;
/// client.store("links").put("docs", "https://docs.rs");
/// assert_eq!(client.get("/docs").headers().get_str("location"), Some("https://docs.rs"));
/// assert_eq!(client.get("/other").status().as_u16(), 404);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct KeyValue {
    port: Rc<dyn ports::KeyValue>,
}

impl KeyValue {
    /// The store of this name, which `open` opens where it was not yet.
    #[doc(hidden)]
    pub fn new(
        cx: &Context,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn ports::KeyValue>,
    ) -> Self {
        Self {
            port: cx.ports().key_value_or(name, open),
        }
    }

    /// The value of a key, unless there is none.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](ErrorKind::InvalidKey), or as [`ports::KeyValue`].
    pub async fn get(&self, key: &str) -> Result<Option<Stored>, Error> {
        check_key(key)?;
        Ok(self.port.get(key).await?.map(Stored))
    }

    /// The value of a key from JSON, unless there is none.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](ErrorKind::Corrupt) for a value that is not the JSON of such a thing; else as [`get`](Self::get).
    pub async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.get(key).await?.map(|stored| stored.json()).transpose()
    }

    /// Whether there is a value of a key.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn exists(&self, key: &str) -> Result<bool, Error> {
        check_key(key)?;
        self.port.exists(key).await
    }

    /// Sets the value of a key, for ever.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](ErrorKind::TooLarge) for more than 256 KiB; else as [`get`](Self::get).
    pub async fn set(&self, key: &str, value: impl Into<Vec<u8>>) -> Result<(), Error> {
        self.put(key, value.into(), None).await
    }

    /// Sets the value of a key for so long: whole seconds, 60 or more, to which a part of one is rounded up.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for less than that; else as [`set`](Self::set).
    pub async fn set_for(
        &self,
        key: &str,
        value: impl Into<Vec<u8>>,
        ttl: Duration,
    ) -> Result<(), Error> {
        self.put(key, value.into(), Some(ttl)).await
    }

    /// Sets the value of a key to the JSON of this, for ever.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for what has no JSON; else as [`set`](Self::set).
    pub async fn set_json<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Error> {
        self.set(key, to_json(value)?).await
    }

    /// Removes the value of a key. That there is none is fine.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        check_key(key)?;
        self.port.delete(key).await
    }

    /// Some of the keys that there are, in the order of their bytes; the page says where the next one begins.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](ErrorKind::InvalidKey) for a prefix of more than 512 bytes, a page of none or of more than a thousand, or a
    /// cursor that is none; else as [`ports::KeyValue`].
    pub async fn list(&self, query: ListQuery) -> Result<Page, Error> {
        query.check()?;
        self.port.list(query).await
    }

    async fn put(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), Error> {
        let (value, ttl) = checked(key, value, ttl)?;
        self.port.set(key, value, ttl).await
    }
}

impl fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyValue").finish_non_exhaustive()
    }
}

/// A key-value store that the function declares as `KeyValue + Atomic`: all that a [`KeyValue`] is, but with reads that are
/// current, and a version for each value.
///
/// ```
/// use guru_core::{App, Atomic, Context, ErrorKind, Request, Response, Result, memory};
/// # fn links(cx: &Context) -> Atomic { Atomic::new(cx, "links", |_| unreachable!()) }
///
/// /// One of many that come at the same time gets the name.
/// async fn claim(cx: Context, mut req: Request) -> Result<Response> {
///     let (name, link): (String, _) = (req.param("name")?, req.text().await?);
///     links(&cx).create(&name, link).await?;
///     let count = links(&cx).add("count", 1).await?;
///     Ok(Response::text(format!("the link number {count}")))
/// }
///
/// let client = memory::Client::new(App::new().post("/{name}", claim))?;
/// assert_eq!(client.post("/docs", "https://docs.rs").body().as_bytes(), Some(&b"the link number 1"[..]));
/// assert_eq!(client.post("/docs", "https://crates.io").status().as_u16(), 409);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Atomic {
    plain: KeyValue,
    port: Rc<dyn ports::Atomic>,
}

impl Atomic {
    /// The store of this name, which `open` opens where it was not yet.
    #[doc(hidden)]
    pub fn new(
        cx: &Context,
        name: &'static str,
        open: impl FnOnce(&'static str) -> Rc<dyn ports::Atomic>,
    ) -> Self {
        let port = cx.ports().atomic_or(name, open);
        let plain = KeyValue {
            port: Rc::clone(&port) as Rc<dyn ports::KeyValue>,
        };
        Self { plain, port }
    }

    /// The value of a key with its version, unless there is none.
    ///
    /// # Errors
    ///
    /// As [`KeyValue::get`].
    pub async fn get(&self, key: &str) -> Result<Option<Versioned>, Error> {
        check_key(key)?;
        let read = self.port.read(key).await?;
        Ok(read.map(|(value, version)| Versioned {
            value: Stored(value),
            version,
        }))
    }

    /// Sets the value of a key that has none, for ever; its version.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) where there is one; else as [`KeyValue::set`].
    pub async fn create(&self, key: &str, value: impl Into<Vec<u8>>) -> Result<Version, Error> {
        self.write(key, value, None, Condition::Absent).await
    }

    /// Sets the value of a key that has none to the JSON of this, for ever; its version.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for what has no JSON; else as [`create`](Self::create).
    pub async fn create_json<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<Version, Error> {
        self.create(key, to_json(value)?).await
    }

    /// Sets the value of a key whose value has this version, for ever; its new version.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) where it has another, or there is none; else as [`KeyValue::set`].
    pub async fn swap(
        &self,
        key: &str,
        version: Version,
        value: impl Into<Vec<u8>>,
    ) -> Result<Version, Error> {
        let condition = Condition::Version(version);
        self.write(key, value, None, condition).await
    }

    /// Sets the value of a key whose value has this version to the JSON of this, for ever; its new version.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for what has no JSON; else as [`swap`](Self::swap).
    pub async fn swap_json<T: Serialize + ?Sized>(
        &self,
        key: &str,
        version: Version,
        value: &T,
    ) -> Result<Version, Error> {
        self.swap(key, version, to_json(value)?).await
    }

    /// Sets the value of a key where the condition holds, for so long or for ever; its new version.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) where it does not hold; else as [`KeyValue::set_for`].
    pub async fn write(
        &self,
        key: &str,
        value: impl Into<Vec<u8>>,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Result<Version, Error> {
        let (value, ttl) = checked(key, value.into(), ttl)?;
        self.port.write(key, value, ttl, condition).await
    }

    /// Adds to the number that a value is, which is 0 where there is none; the sum. As a value it is the number's text.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) for a value that is no number, and for a sum beyond the ends of an `i64`: nothing is
    /// changed then; else as [`KeyValue::get`].
    pub async fn add(&self, key: &str, by: i64) -> Result<i64, Error> {
        check_key(key)?;
        self.port.add(key, by).await
    }
}

impl Deref for Atomic {
    type Target = KeyValue;

    fn deref(&self) -> &KeyValue {
        &self.plain
    }
}

impl fmt::Debug for Atomic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Atomic").finish_non_exhaustive()
    }
}

/// A value of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored(Bytes);

impl Stored {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes, which are not copied.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// It as text.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](ErrorKind::Corrupt) for what is not UTF-8.
    pub fn text(&self) -> Result<&str, Error> {
        core::str::from_utf8(&self.0)
            .map_err(|_| Error::new(ErrorKind::Corrupt, "a value of the store is not UTF-8"))
    }

    /// It from JSON.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](ErrorKind::Corrupt) for what is not the JSON of such a thing.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.0).map_err(|_| {
            Error::new(
                ErrorKind::Corrupt,
                "a value of the store is not the JSON that it is read as",
            )
        })
    }
}

/// A value of a store, and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    value: Stored,
    version: Version,
}

impl Versioned {
    /// The version.
    #[must_use]
    pub const fn version(&self) -> &Version {
        &self.version
    }

    /// The value alone.
    #[must_use]
    pub fn into_stored(self) -> Stored {
        self.value
    }
}

impl Deref for Versioned {
    type Target = Stored;

    fn deref(&self) -> &Stored {
        &self.value
    }
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let invalid = |_| Error::new(ErrorKind::Invalid, "the value has no JSON");
    serde_json::to_vec(value).map_err(invalid)
}

/// A value that every store takes, and for how many whole seconds it is kept.
fn checked(
    key: &str,
    value: Vec<u8>,
    ttl: Option<Duration>,
) -> Result<(Bytes, Option<Duration>), Error> {
    check_key(key)?;
    check_value(&value, ttl)?;
    let ttl = ttl.map(|ttl| {
        let part = u64::from(ttl.subsec_nanos() > 0);
        Duration::from_secs(ttl.as_secs().saturating_add(part))
    });
    Ok((value.into(), ttl))
}
