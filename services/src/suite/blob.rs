//! The cases of stores of blobs.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a tool for tests, where a panic is the report"
)]

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use guru_core::Body;
use guru_core::http::{Chunks, Error};
use guru_core::ports::{
    Blob, BlobEntry, BlobInfo, BlobRange, Condition, ErrorKind, KEY_LIMIT, ListQuery, Version,
};

/// Keys that one or another store or protocol has trouble with.
const KEYS: [&str; 18] = [
    "a",
    "A",
    "a/b",
    "a//b",
    "a/../b",
    "a/./b",
    "a b",
    "a+b",
    "a%2Fb",
    "...",
    ".lock",
    "-",
    "\t\n",
    "grüß 🦀",
    "\u{feff}bom",
    "e\u{301}",
    "é",
    "?#&=<>\\\"'",
];

/// More than one part of a service that stores content in parts.
const LARGE: usize = 11 * 1024 * 1024 + 7;

/// The cases of a store, under keys that begin with `unique`.
pub async fn blob(store: &dyn Blob, unique: &str) {
    what_was_put_comes_back(store, unique).await;
    ranges_are_parts(store, unique).await;
    conditions_hold_or_nothing_is_done(store, unique).await;
    one_of_many_creates(store, unique).await;
    streams_of_any_size_are_stored(store, unique).await;
    what_breaks_off_leaves_what_was_there(store, unique).await;
    pages_are_in_the_order_of_bytes(store, unique).await;
}

async fn put(store: &dyn Blob, key: &str, content: impl Into<Body>) -> BlobInfo {
    let put = store.put(key, "text/plain", content.into(), Condition::None);
    put.await.expect("content is put")
}

async fn read(store: &dyn Blob, key: &str) -> Option<(BlobInfo, Bytes)> {
    let found = store.get(key, None).await.expect("a blob, or none")?;
    assert_eq!(found.offset, 0, "{key:?}");
    assert_eq!(found.content.size(), Some(found.info.size), "{key:?}");
    let content = found.content.collect(LARGE * 2).await.expect("content");
    Some((found.info, content))
}

async fn what_was_put_comes_back(store: &dyn Blob, unique: &str) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let contents: [&[u8]; 3] = [b"", b"text", &all];
    let long = "ü".repeat((KEY_LIMIT - unique.len() - 3) / 2);
    let keys = KEYS.iter().copied().chain([&*long]);
    let keys: Vec<_> = keys.map(|key| format!("{unique}/k/{key}")).collect();
    for (index, key) in keys.iter().enumerate() {
        assert!(read(store, key).await.is_none(), "{key:?}");
        assert_eq!(store.head(key).await.expect("nothing"), None, "{key:?}");
        store.delete(key).await.expect("nothing is deleted");
        let content = Bytes::copy_from_slice(contents[index % 3]);
        let content_type = ["text/plain", "image/svg+xml; charset=\"utf-8\"", "x/y"][index % 3];
        let done = store.put(key, content_type, content.clone().into(), Condition::None);
        let info = done.await.expect("content is put");
        assert_eq!(info.size, content.len() as u64, "{key:?}");
        assert_eq!(info.content_type, content_type, "{key:?}");
        assert!(!info.etag.as_str().contains('"'), "{:?}", info.etag);
        assert_eq!(store.head(key).await.expect("some"), Some(info), "{key:?}");
    }
    for (index, key) in keys.iter().enumerate() {
        let (info, content) = read(store, key).await.expect("some");
        assert_eq!(content, contents[index % 3], "{key:?}");
        let other = put(store, key, "another").await;
        assert_ne!(other.etag, info.etag, "{key:?}");
        assert_eq!(other.content_type, "text/plain");
        store.delete(key).await.expect("it is deleted");
        assert!(read(store, key).await.is_none(), "{key:?}");
    }
}

async fn ranges_are_parts(store: &dyn Blob, unique: &str) {
    let key = format!("{unique}/range");
    let info = put(store, &key, "0123456789").await;
    for (range, offset, want) in [
        (BlobRange::From(0), 0, "0123456789"),
        (BlobRange::From(9), 9, "9"),
        (BlobRange::Between(2, 4), 2, "234"),
        (BlobRange::Between(8, 100), 8, "89"),
        (BlobRange::Between(0, u64::MAX), 0, "0123456789"),
        (BlobRange::Last(3), 7, "789"),
        (BlobRange::Last(100), 0, "0123456789"),
    ] {
        let found = store.get(&key, Some(range)).await.expect("a range");
        let found = found.expect("a blob");
        assert_eq!((&found.info, found.offset), (&info, offset), "{range:?}");
        assert_eq!(found.content.size(), Some(want.len() as u64), "{range:?}");
        assert_eq!(found.content.collect(100).await.expect("all"), want);
    }
    put(store, &format!("{key}/empty"), "").await;
    for (key, range) in [
        (key.clone(), BlobRange::From(10)),
        (key.clone(), BlobRange::Between(11, 12)),
        (key.clone(), BlobRange::Last(0)),
        (format!("{key}/empty"), BlobRange::From(0)),
    ] {
        let error = store.get(&key, Some(range)).await.expect_err("no byte");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{range:?}: {error}");
    }
    let none = store
        .get(&format!("{key}/none"), Some(BlobRange::From(0)))
        .await;
    assert!(none.expect("none").is_none());
}

async fn conditions_hold_or_nothing_is_done(store: &dyn Blob, unique: &str) {
    let key = format!("{unique}/condition");
    let write =
        |content: &'static str, condition| store.put(&key, "text/plain", content.into(), condition);
    let conflict = async |content, condition| {
        let error = write(content, condition).await.expect_err("a conflict");
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    };
    conflict("never", Condition::Version(Version::new("none"))).await;
    let first = write("1", Condition::Absent).await.expect("it is created");
    conflict("never", Condition::Absent).await;
    conflict("never", Condition::Version(Version::new("none"))).await;
    let second = write("2", Condition::Version(first.etag.clone()));
    let second = second.await.expect("it is replaced");
    conflict("never", Condition::Version(first.etag)).await;
    assert_eq!(read(store, &key).await.expect("some"), (second, "2".into()));
    store.delete(&key).await.expect("it is deleted");
    write("3", Condition::Absent).await.expect("it is created");
}

/// Polls all of them until each is done.
async fn all<T>(futures: Vec<Pin<Box<dyn Future<Output = T>>>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Some).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if let Some(polled) = future
                && let Poll::Ready(came) = polled.as_mut().poll(cx)
            {
                *done = Some(came);
                *future = None;
            }
        }
        if futures.iter().all(Option::is_none) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

async fn one_of_many_creates(store: &dyn Blob, unique: &str) {
    let key = format!("{unique}/race");
    let create = |number: u32| {
        let content = number.to_string().repeat(1000);
        store.put(&key, "text/plain", content.into(), Condition::Absent)
    };
    let done: Vec<Result<BlobInfo, _>> = all((0..16).map(create).collect()).await;
    let created = done.iter().filter(|done| done.is_ok()).count();
    assert_eq!(created, 1, "{done:?}");
    for error in done.into_iter().filter_map(Result::err) {
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    }
}

/// Content that is made in chunks, and may break off.
struct Made {
    left: usize,
    breaks: bool,
    waits: bool,
}

const CHUNK: usize = 60_000;

fn made(size: usize) -> Made {
    Made {
        left: size,
        breaks: false,
        waits: false,
    }
}

impl Chunks for Made {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        self.waits = !self.waits;
        if self.waits {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.left == 0 {
            let broken = || Err(Error::broken("as the test says"));
            return Poll::Ready(self.breaks.then(broken));
        }
        let count = self.left.min(CHUNK);
        self.left -= count;
        let byte = u8::try_from(self.left / CHUNK % 251).unwrap_or_default();
        Poll::Ready(Some(Ok(vec![byte; count].into())))
    }
}

async fn streams_of_any_size_are_stored(store: &dyn Blob, unique: &str) {
    for size in [0, 1, CHUNK * 3, LARGE] {
        let want = Body::stream(made(size))
            .collect(LARGE)
            .await
            .expect("bytes");
        let key = format!("{unique}/stream/{size}");
        put(store, &key, Body::sized_stream(size as u64, made(size))).await;
        let (known, content) = read(store, &key).await.expect("some");
        assert_eq!(known.size, size as u64);
        assert!(content == want, "{size} bytes of a known size");
        let info = put(store, &key, Body::stream(made(size))).await;
        let (unknown, content) = read(store, &key).await.expect("some");
        assert_eq!(unknown, info);
        assert!(content == want, "{size} bytes of an unknown size");
    }
}

async fn what_breaks_off_leaves_what_was_there(store: &dyn Blob, unique: &str) {
    for size in [0, 10, LARGE] {
        for is_known in [false, true] {
            let key = format!("{unique}/broken/{size}/{is_known}");
            for before in [None, Some("before")] {
                if let Some(before) = before {
                    put(store, &key, before).await;
                }
                let content = Made {
                    breaks: true,
                    ..made(size)
                };
                let content = if is_known {
                    Body::sized_stream(size as u64 + 1, content)
                } else {
                    Body::stream(content)
                };
                let done = store.put(&key, "text/plain", content, Condition::None);
                done.await.expect_err("it broke off");
                let found = read(store, &key).await.map(|(_, content)| content);
                assert_eq!(found, before.map(Bytes::from), "{key}");
            }
        }
    }
}

async fn pages_are_in_the_order_of_bytes(store: &dyn Blob, unique: &str) {
    let prefix = format!("{unique}/list/");
    let names = [
        "b", "a", "B", "a/b", "a.", "é", "z", "🦀", "a b", "a+b", "a%",
    ];
    for (index, name) in names.iter().enumerate() {
        put(store, &format!("{prefix}{name}"), "x".repeat(index)).await;
    }
    put(store, &format!("{unique}/lisu"), "of another prefix").await;
    let mut want: Vec<BlobEntry> = names
        .iter()
        .enumerate()
        .map(|(index, name)| BlobEntry {
            key: format!("{prefix}{name}"),
            size: index as u64,
        })
        .collect();
    want.sort_by(|one, other| one.key.cmp(&other.key));
    for limit in [1, 4, want.len(), 1000] {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let query = ListQuery::new(&*prefix).with_limit(limit);
            let page = store.list(query.with_cursor(cursor)).await.expect("a page");
            assert!(page.blobs.len() <= limit);
            found.extend(page.blobs);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, want, "pages of {limit}");
    }
    let none = store.list(ListQuery::new(format!("{unique}/none"))).await;
    assert_eq!(none.expect("a page"), Default::default());
    let wrong = ListQuery::new(&*prefix).with_cursor(Some(String::new()));
    let error = store.list(wrong).await.expect_err("no cursor");
    assert_eq!(error.kind(), ErrorKind::InvalidKey, "{error}");
}
