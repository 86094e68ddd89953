//! A key-value store in memory, with faults to order.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::ready;
use core::time::Duration;

use bytes::Bytes;

use super::Clock;
use crate::adapter::{no_sum, overtaken};
use crate::ports::{self, Called, Clock as _, Condition, Error, ErrorKind, ListQuery, Page};
use crate::ports::{Version, number};

/// What errors call it.
const NAME: &str = "memory";

/// A key-value store in memory: the reference of [`ports::KeyValue`] and [`ports::Atomic`]. Clones are the same store.
///
/// It can be as bad as the real ones are: [behind](Self::stale_for), [failing](Self::fails_once), and
/// [overtaken](Self::conflicts).
///
/// ```
/// use guru_core::ports::{ErrorKind, KeyValue as _};
/// use guru_core::{App, Context, Request, Response, Result, memory};
/// # fn links(cx: &Context) -> guru_core::KeyValue { guru_core::KeyValue::new(cx, "links", |_| unreachable!()) }
///
/// async fn read(cx: Context, _req: Request) -> Result<Response> {
///     let is_there = links(&cx).exists("docs").await?;
///     Ok(Response::text(if is_there { "yes" } else { "no" }))
/// }
///
/// let client = memory::Client::new(App::new().get("/", read))?;
/// client.store("links").fails_once(ErrorKind::Unavailable);
/// assert_eq!(client.get("/").status().as_u16(), 503);
/// assert_eq!(client.get("/").body().as_bytes(), Some(&b"no"[..]));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct KeyValue(Rc<Inner>);

struct Inner {
    clock: Clock,
    /// All that was written for each key, the last at the end.
    keys: RefCell<BTreeMap<String, Vec<Write>>>,
    version: Cell<u64>,
    staleness: Cell<Duration>,
    failure: Cell<Option<ErrorKind>>,
    conflicts: Cell<u32>,
}

struct Write {
    /// When it was written; nothing, if it was there from the first.
    at: Option<Duration>,
    /// Nothing, where it was deleted.
    value: Option<Value>,
}

#[derive(Clone)]
struct Value {
    bytes: Bytes,
    version: Version,
    expires: Option<Duration>,
}

impl KeyValue {
    /// An empty store by this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Rc::new(Inner {
            clock,
            keys: RefCell::default(),
            version: Cell::new(0),
            staleness: Cell::new(Duration::ZERO),
            failure: Cell::new(None),
            conflicts: Cell::new(0),
        }))
    }

    /// Has reads be behind by so long, but for those of an [`Atomic`](ports::Atomic) store: Cloudflare's may be by 60 seconds.
    pub fn stale_for(&self, staleness: Duration) {
        self.0.staleness.set(staleness);
    }

    /// Has the next call fail, which does nothing then.
    pub fn fails_once(&self, kind: ErrorKind) {
        self.0.failure.set(Some(kind));
    }

    /// Has the next so many conditional writes conflict, as if somebody else had just written.
    pub fn conflicts(&self, count: u32) {
        self.0.conflicts.set(count);
    }

    /// Sets a value, whatever was ordered, as if it had been there long ago.
    pub fn put(&self, key: &str, value: impl Into<Vec<u8>>) {
        let value = Bytes::from(value.into());
        self.0.write_at(None, key, Some((value, None)));
    }

    /// The current value, whatever was ordered.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<Bytes> {
        let value = self.0.at(key, self.0.clock.now(), Duration::ZERO);
        value.map(|value| value.bytes)
    }

    fn done<T: 'static>(&self, call: impl FnOnce(&Inner) -> Result<T, Error>) -> Called<T> {
        let done = match self.0.failure.take() {
            Some(kind) => Err(Error::new(kind, "the store fails, as the test says")),
            None => call(&self.0),
        };
        Box::pin(ready(done))
    }
}

impl Inner {
    fn at(&self, key: &str, now: Duration, staleness: Duration) -> Option<Value> {
        let keys = self.keys.borrow();
        last(keys.get(key)?, now, staleness)
    }

    fn write(&self, key: &str, value: Option<(Bytes, Option<Duration>)>) -> Version {
        self.write_at(Some(self.clock.now()), key, value)
    }

    fn write_at(
        &self,
        at: Option<Duration>,
        key: &str,
        value: Option<(Bytes, Option<Duration>)>,
    ) -> Version {
        self.version.set(self.version.get() + 1);
        let version = Version::new(self.version.get().to_string());
        let value = value.map(|(bytes, expires)| Value {
            bytes,
            version: version.clone(),
            expires,
        });
        let mut keys = self.keys.borrow_mut();
        keys.entry(key.to_owned())
            .or_default()
            .push(Write { at, value });
        version
    }

    fn expiry(&self, ttl: Option<Duration>) -> Option<Duration> {
        ttl.map(|ttl| self.clock.now().saturating_add(ttl))
    }

    fn write_if(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Result<Version, Error> {
        let found = self.at(key, self.clock.now(), Duration::ZERO);
        let version = found.map(|found| found.version);
        let mut holds = match condition {
            Condition::None => true,
            Condition::Absent => version.is_none(),
            Condition::Version(wanted) => version == Some(wanted),
        };
        let ordered = self.conflicts.get();
        if holds && ordered > 0 {
            self.conflicts.set(ordered - 1);
            holds = false;
        }
        if holds {
            return Ok(self.write(key, Some((value, self.expiry(ttl)))));
        }
        Err(overtaken(NAME))
    }

    fn add(&self, key: &str, by: i64) -> Result<i64, Error> {
        let found = self.at(key, self.clock.now(), Duration::ZERO);
        let expires = found.as_ref().and_then(|found| found.expires);
        let number = found.map_or(Some(0), |found| number(&found.bytes));
        let Some(sum) = number.and_then(|number| number.checked_add(by)) else {
            return Err(no_sum(NAME));
        };
        self.write(key, Some((sum.to_string().into(), expires)));
        Ok(sum)
    }
}

/// The value that is seen, of all that was written for a key.
fn last(written: &[Write], now: Duration, staleness: Duration) -> Option<Value> {
    let is_seen = |write: &&Write| {
        let at = write.at;
        at.is_none_or(|at| at.saturating_add(staleness) <= now)
    };
    let last = written.iter().rev().find(is_seen)?;
    let value = last.value.clone()?;
    let is_there = value.expires.is_none_or(|expires| expires > now);
    is_there.then_some(value)
}

impl ports::KeyValue for KeyValue {
    fn get(&self, key: &str) -> Called<Option<Bytes>> {
        self.done(|store| {
            let value = store.at(key, store.clock.now(), store.staleness.get());
            Ok(value.map(|value| value.bytes))
        })
    }

    fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Called<()> {
        self.done(|store| {
            store.write(key, Some((value, store.expiry(ttl))));
            Ok(())
        })
    }

    fn delete(&self, key: &str) -> Called<()> {
        self.done(|store| {
            store.write(key, None);
            Ok(())
        })
    }

    fn list(&self, query: ListQuery) -> Called<Page> {
        self.done(|store| {
            query.check_cursor()?;
            let (now, staleness) = (store.clock.now(), store.staleness.get());
            let (from, after) = query.range();
            let keys = store.keys.borrow();
            let found = keys.range(from.to_owned()..);
            let found = found
                .filter(|(key, written)| *key != after && last(written, now, staleness).is_some());
            Ok(query.page(found.map(|(key, _)| key.clone())))
        })
    }
}

impl ports::Atomic for KeyValue {
    fn read(&self, key: &str) -> Called<Option<(Bytes, Version)>> {
        self.done(|store| {
            let value = store.at(key, store.clock.now(), Duration::ZERO);
            Ok(value.map(|value| (value.bytes, value.version)))
        })
    }

    fn write(
        &self,
        key: &str,
        value: Bytes,
        ttl: Option<Duration>,
        condition: Condition,
    ) -> Called<Version> {
        self.done(|store| store.write_if(key, value, ttl, condition))
    }

    fn add(&self, key: &str, by: i64) -> Called<i64> {
        self.done(|store| store.add(key, by))
    }
}

impl fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.keys.borrow().len();
        f.write_str(&format!("KeyValue of {keys} keys"))
    }
}

#[cfg(test)]
mod tests {
    use ports::{Atomic as _, KeyValue as _};

    use super::*;

    fn now<T>(called: Called<T>) -> T {
        let mut called = called;
        let waker = core::task::Waker::noop();
        match called
            .as_mut()
            .poll(&mut core::task::Context::from_waker(waker))
        {
            core::task::Poll::Ready(done) => done.unwrap(),
            core::task::Poll::Pending => panic!("a store in memory waits for nothing"),
        }
    }

    #[test]
    fn a_stale_read_is_of_what_was_long_ago() {
        let clock = Clock::default();
        let store = KeyValue::new(clock.clone());
        store.stale_for(Duration::from_secs(60));
        store.put("old", "1");
        now(store.set("new", "1".into(), None));
        now(store.set("old", "2".into(), None));
        assert_eq!(now(store.get("new")), None);
        assert_eq!(now(store.get("old")), Some("1".into()));
        assert_eq!(now(store.list(ListQuery::new(""))).keys, ["old"]);
        let (current, _) = now(store.read("old")).unwrap();
        assert_eq!(current, "2", "an atomic store's reads are current");
        clock.advance(Duration::from_secs(60));
        assert_eq!(now(store.get("new")), Some("1".into()));
        assert_eq!(now(store.get("old")), Some("2".into()));
    }
}
