//! The cases of key-value stores.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool for tests, where a panic is the report"
)]

use std::time::Duration;

use bytes::Bytes;
use guru_core::ports::{
    Atomic, Condition, ErrorKind, KEY_LIMIT, KeyValue, ListQuery, VALUE_LIMIT, Version,
};

/// Keys that one or another store or protocol has trouble with.
const KEYS: [&str; 14] = [
    "a",
    "A",
    "a/b",
    "a b",
    "a%2Fb",
    "...",
    "-",
    "'; DROP TABLE guru_key_value; --",
    "\u{0}\u{1}\n\t",
    "grüß 🦀",
    "\u{feff}bom",
    "e\u{301}",
    "é",
    "?#&=+\\\"",
];

/// The cases of a store, under keys that begin with `unique`. `wait` passes so much of the store's time.
pub async fn key_value(store: &dyn KeyValue, unique: &str, wait: impl AsyncFn(Duration)) {
    keys_and_values_come_back(store, unique).await;
    limits_fit(store, unique).await;
    pages_are_in_the_order_of_bytes(store, unique).await;
    a_cursor_is_a_page_s(store, unique).await;
    what_has_expired_is_not_there(store, unique, wait).await;
}

async fn keys_and_values_come_back(store: &dyn KeyValue, unique: &str) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let values: [&[u8]; 3] = [b"", b"text", &all];
    for (index, key) in KEYS.iter().enumerate() {
        let key = format!("{unique}/k/{key}");
        assert_eq!(store.get(&key).await.expect("nothing"), None, "{key:?}");
        assert!(!store.exists(&key).await.expect("nothing"), "{key:?}");
        store.delete(&key).await.expect("nothing is deleted");
        let value = Bytes::copy_from_slice(values[index % values.len()]);
        store
            .set(&key, value.clone(), None)
            .await
            .expect("a value is set");
        assert_eq!(
            store.get(&key).await.expect("a value"),
            Some(value),
            "{key:?}"
        );
        assert!(store.exists(&key).await.expect("a value"), "{key:?}");
    }
    for (index, key) in KEYS.iter().enumerate() {
        let key = format!("{unique}/k/{key}");
        let value = Bytes::copy_from_slice(values[index % values.len()]);
        assert_eq!(
            store.get(&key).await.expect("a value"),
            Some(value),
            "{key:?}"
        );
        store
            .set(&key, Bytes::from_static(b"2"), None)
            .await
            .expect("another value");
        assert_eq!(
            store.get(&key).await.expect("a value"),
            Some("2".into()),
            "{key:?}"
        );
        store.delete(&key).await.expect("it is deleted");
        assert_eq!(store.get(&key).await.expect("nothing"), None, "{key:?}");
    }
}

async fn limits_fit(store: &dyn KeyValue, unique: &str) {
    let mut key = format!("{unique}/l/");
    while key.len() < KEY_LIMIT {
        key.push('k');
    }
    let value = Bytes::from(vec![0xff; VALUE_LIMIT]);
    store
        .set(&key, value.clone(), None)
        .await
        .expect("the largest");
    assert_eq!(store.get(&key).await.expect("the largest"), Some(value));
    let page = store.list(ListQuery::new(format!("{unique}/l/"))).await;
    assert_eq!(page.expect("the largest").keys, [key]);
}

async fn a_cursor_is_a_page_s(store: &dyn KeyValue, unique: &str) {
    for cursor in [String::new(), ".".into(), "c".repeat(100_000)] {
        let query = ListQuery::new(format!("{unique}/")).with_cursor(Some(cursor));
        match store.list(query).await {
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidKey, "{error}"),
            Ok(page) => panic!("a cursor that no page has had: {page:?}"),
        }
    }
}

async fn pages_are_in_the_order_of_bytes(store: &dyn KeyValue, unique: &str) {
    let prefix = format!("{unique}/p/");
    let mut keys: Vec<String> = (0..25).map(|number| format!("{prefix}{number}")).collect();
    let odd = ["Z", "a", "~", "é", "\u{10ffff}", "\u{ffff}", "%", "_"];
    keys.extend(odd.iter().map(|end| format!("{prefix}{end}")));
    for key in keys
        .iter()
        .chain([&format!("{unique}/p"), &format!("{unique}/p0")])
    {
        store
            .set(key, Bytes::new(), None)
            .await
            .expect("a value is set");
    }
    keys.sort_unstable();
    for limit in [1, 7, keys.len() - 1, keys.len(), 1000] {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let query = ListQuery::new(&*prefix)
                .with_limit(limit)
                .with_cursor(cursor);
            let page = store.list(query).await.expect("a page");
            assert!(page.keys.len() <= limit, "a page of more than {limit}");
            found.extend(page.keys);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
            // What others write behind and before the cursor has no key come twice, or not at all.
            let behind = format!("{prefix}\u{1}{limit}-{}", found.len());
            store
                .set(&behind, Bytes::new(), None)
                .await
                .expect("a value is set");
            store.delete(&behind).await.expect("it is deleted");
        }
        assert_eq!(found, keys, "pages of {limit}");
    }
    for (prefix, count) in [("1", 11), ("%", 1), ("_", 1), ("none", 0)] {
        let query = ListQuery::new(format!("{unique}/p/{prefix}"));
        let page = store.list(query).await.expect("a page");
        assert_eq!((page.keys.len(), page.cursor), (count, None), "{prefix}");
    }
}

async fn what_has_expired_is_not_there(
    store: &dyn KeyValue,
    unique: &str,
    wait: impl AsyncFn(Duration),
) {
    let key = |name: &str| format!("{unique}/e/{name}");
    let second = Some(Duration::from_secs(1));
    let long = Some(Duration::from_secs(3600));
    for (name, ttl) in [
        ("short", second),
        ("long", long),
        ("kept", second),
        ("for ever", None),
    ] {
        store
            .set(&key(name), "1".into(), ttl)
            .await
            .expect("a value is set");
    }
    store
        .set(&key("kept"), "2".into(), None)
        .await
        .expect("it is set again");
    wait(Duration::from_millis(2100)).await;
    for (name, value) in [
        ("short", None),
        ("long", Some("1".into())),
        ("kept", Some("2".into())),
        ("for ever", Some("1".into())),
    ] {
        assert_eq!(
            store.get(&key(name)).await.expect("a read"),
            value,
            "{name}"
        );
    }
    assert!(!store.exists(&key("short")).await.expect("a read"));
    let page = store.list(ListQuery::new(key(""))).await.expect("a page");
    assert_eq!(page.keys, [key("for ever"), key("kept"), key("long")]);
    store
        .set(&key("short"), "3".into(), None)
        .await
        .expect("it is set again");
    assert_eq!(
        store.get(&key("short")).await.expect("a read"),
        Some("3".into())
    );
}

/// The cases of an atomic store, and all of those of a store. `all` waits for many at once.
pub async fn atomic(store: &dyn Atomic, unique: &str, wait: impl AsyncFn(Duration)) {
    key_value(store, unique, &wait).await;
    one_of_many_creates(store, unique).await;
    a_swap_is_for_one_version(store, unique).await;
    every_sum_is_another(store, unique).await;
    only_numbers_are_added_to(store, unique).await;
    an_expired_value_is_none(store, unique, wait).await;
}

fn conflicts<T: std::fmt::Debug>(done: Result<T, guru_core::ports::Error>, what: &str) {
    match done {
        Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{what}"),
        Ok(done) => panic!("{what}: {done:?}"),
    }
}

async fn one_of_many_creates(store: &dyn Atomic, unique: &str) {
    let key = format!("{unique}/c");
    let calls = (0..64).map(|number: u8| {
        let value = Bytes::from(vec![number]);
        store.write(&key, value, None, Condition::Absent)
    });
    let done = all(calls).await;
    let created: Vec<usize> = (0..64).filter(|index| done[*index].is_ok()).collect();
    assert_eq!(created.len(), 1, "{created:?} have created it");
    for done in done.into_iter().filter(Result::is_err) {
        conflicts(done, "it is there");
    }
    let (value, _) = store.read(&key).await.expect("a read").expect("a value");
    assert_eq!(usize::from(value[0]), created[0]);
}

async fn a_swap_is_for_one_version(store: &dyn Atomic, unique: &str) {
    let key = format!("{unique}/s");
    let version = |text: &str| Condition::Version(Version::new(text));
    let write = |value: &'static str, condition| store.write(&key, value.into(), None, condition);
    conflicts(write("0", version("none")).await, "nothing has no version");
    let first = write("1", Condition::None).await.expect("it is set");
    let read = store.read(&key).await.expect("a read");
    assert_eq!(read, Some(("1".into(), first.clone())));
    conflicts(write("2", version("")).await, "an empty version");
    conflicts(write("2", version("'")).await, "a version that never was");
    let second = write("2", Condition::Version(first.clone()))
        .await
        .expect("it is swapped");
    assert_ne!(first, second);
    conflicts(
        write("3", Condition::Version(first.clone())).await,
        "an old version",
    );
    conflicts(write("3", Condition::Absent).await, "it is there");
    let read = store.read(&key).await.expect("a read");
    assert_eq!(read, Some(("2".into(), second.clone())));
    let done = all((0..16).map(|_| write("4", Condition::Version(second.clone())))).await;
    assert_eq!(
        done.iter().filter(|done| done.is_ok()).count(),
        1,
        "{done:?}"
    );
    store.delete(&key).await.expect("it is deleted");
    let new = write("1", Condition::Absent).await.expect("it is created");
    assert_ne!(new, first, "what is created again is another value");
    conflicts(
        write("5", Condition::Version(first)).await,
        "a version of before",
    );
}

async fn every_sum_is_another(store: &dyn Atomic, unique: &str) {
    let key = format!("{unique}/n");
    let done = all((0..64).map(|_| store.add(&key, 1))).await;
    let mut sums: Vec<i64> = done.into_iter().map(|sum| sum.expect("a sum")).collect();
    sums.sort_unstable();
    assert_eq!(sums, (1..=64).collect::<Vec<i64>>());
    assert_eq!(store.get(&key).await.expect("a read"), Some("64".into()));
    let (_, before) = store.read(&key).await.expect("a read").expect("a value");
    assert_eq!(store.add(&key, -70).await.expect("a sum"), -6);
    let (value, after) = store.read(&key).await.expect("a read").expect("a value");
    assert_eq!(value, "-6");
    assert_ne!(before, after, "a sum is another value");
}

async fn only_numbers_are_added_to(store: &dyn Atomic, unique: &str) {
    let key = format!("{unique}/o");
    let (most, least) = (i64::MAX.to_string(), i64::MIN.to_string());
    for (value, by) in [
        ("", 1),
        ("x", 1),
        ("07", 1),
        ("+7", 1),
        ("-0", 1),
        ("7 ", 1),
        ("7\u{0}", 1),
        ("7.0", 1),
        ("7e0", 1),
        ("9223372036854775808", -1),
        (&*most, 1),
        (&*least, -1),
        ("2", i64::MAX - 1),
    ] {
        let value = Bytes::copy_from_slice(value.as_bytes());
        store
            .set(&key, value.clone(), None)
            .await
            .expect("it is set");
        conflicts(store.add(&key, by).await, &format!("{value:?} + {by}"));
        assert_eq!(store.get(&key).await.expect("a read"), Some(value));
    }
    for (value, by, sum) in [
        ("41", 1, 42),
        (&*most, i64::MIN, -1),
        (&*most, 0, i64::MAX),
        (&*least, 0, i64::MIN),
        ("-9007199254740993", 0, -9_007_199_254_740_993),
        ("0", i64::MIN, i64::MIN),
    ] {
        let set = Bytes::copy_from_slice(value.as_bytes());
        store.set(&key, set, None).await.expect("it is set");
        assert_eq!(
            store.add(&key, by).await.expect("a sum"),
            sum,
            "{value} + {by}"
        );
        let read = store.get(&key).await.expect("a read");
        assert_eq!(read, Some(sum.to_string().into()));
    }
    let absent = format!("{unique}/o/absent");
    assert_eq!(store.add(&absent, i64::MIN).await.expect("a sum"), i64::MIN);
}

async fn an_expired_value_is_none(store: &dyn Atomic, unique: &str, wait: impl AsyncFn(Duration)) {
    let key = |name: &str| format!("{unique}/x/{name}");
    let second = Some(Duration::from_secs(1));
    let mut versions = Vec::new();
    for name in ["read", "create", "swap", "add", "many"] {
        let written = store.write(&key(name), "5".into(), second, Condition::Absent);
        versions.push(written.await.expect("it is created"));
    }
    store
        .set(&key("keeps"), "5".into(), second)
        .await
        .expect("it is set");
    assert_eq!(store.add(&key("keeps"), 1).await.expect("a sum"), 6);
    wait(Duration::from_millis(2100)).await;
    assert_eq!(store.read(&key("read")).await.expect("a read"), None);
    let done = all((0..16).map(|_| store.add(&key("many"), 1))).await;
    let mut sums: Vec<i64> = done.into_iter().map(|sum| sum.expect("a sum")).collect();
    sums.sort_unstable();
    assert_eq!(sums, (1..=16).collect::<Vec<i64>>(), "many begin anew");
    let created = store.write(&key("create"), "6".into(), None, Condition::Absent);
    created.await.expect("it is created again");
    let swap = Condition::Version(versions.swap_remove(2));
    conflicts(
        store.write(&key("swap"), "6".into(), None, swap).await,
        "it has expired",
    );
    assert_eq!(store.add(&key("add"), 3).await.expect("a sum"), 3);
    let sum = store.read(&key("add")).await.expect("a read");
    assert_eq!(sum.map(|(value, _)| value), Some("3".into()));
    assert_eq!(
        store.read(&key("keeps")).await.expect("a read"),
        None,
        "a sum expires when its value did"
    );
}

/// Waits for many at once.
async fn all<T>(calls: impl Iterator<Item = impl Future<Output = T> + Unpin>) -> Vec<T> {
    use std::pin::Pin;
    use std::task::Poll;
    let mut calls: Vec<_> = calls.map(|call| (call, None)).collect();
    std::future::poll_fn(|cx| {
        let mut is_done = true;
        for (call, done) in &mut calls {
            if done.is_none() {
                match Pin::new(call).poll(cx) {
                    Poll::Ready(value) => *done = Some(value),
                    Poll::Pending => is_done = false,
                }
            }
        }
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    calls.into_iter().filter_map(|(_, done)| done).collect()
}
