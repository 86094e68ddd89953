//! Every key-value store passes the suite of its port.

use std::sync::Arc;
use std::time::Duration;

use guru_core::memory::{self, Clock};
use guru_core::ports::{ErrorKind, KeyValue as _};
use guru_services::{Local, Sqlite, suite};

#[tokio::test]
async fn memory_passes() {
    let clock = Clock::default();
    let store = memory::KeyValue::new(clock.clone());
    suite::atomic(&store, "suite", async |time| clock.advance(time)).await;
}

#[tokio::test]
async fn sqlite_passes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("data/store.sqlite"), "links");
    let store = Local::new(Arc::new(store));
    suite::atomic(&store, "suite", tokio::time::sleep).await;
}

#[tokio::test]
async fn stores_of_a_file_share_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".guru/a/data.sqlite");
    let store = |name: &str| Local::new(Arc::new(Sqlite::open(&path, name)));
    store("a").set("key", "1".into(), None).await.unwrap();
    assert_eq!(store("a").get("key").await.unwrap(), Some("1".into()));
    assert_eq!(store("b").get("key").await.unwrap(), None);
    let ignored = std::fs::read_to_string(folder.path().join(".guru/.gitignore"));
    assert_eq!(ignored.unwrap(), "*\n", "a project's data is none of git's");
}

#[tokio::test]
async fn a_file_that_is_none_is_said_by_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    std::fs::write(
        &path,
        "this is a text, and has been one for a while; no database begins so",
    )
    .unwrap();
    for (path, kind) in [
        (path.clone(), ErrorKind::Corrupt),
        (folder.path().to_owned(), ErrorKind::Unavailable),
        (path.join("below"), ErrorKind::Unavailable),
    ] {
        let store = Local::new(Arc::new(Sqlite::open(&path, "a")));
        let error = store.get("key").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let shown = path.parent().unwrap().display().to_string();
        assert!(error.to_string().contains(&shown), "{error}");
    }
}

/// Two connections that write at once wait for each other, as two processes do.
#[tokio::test(flavor = "multi_thread")]
async fn many_threads_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = Sqlite::open(&path, "a");
            tokio::spawn(async move {
                for _ in 0..25 {
                    guru_services::Store::add(&store, "count", 1).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(60), task)
            .await
            .unwrap()
            .unwrap();
    }
    let store = Local::new(Arc::new(Sqlite::open(&path, "a")));
    assert_eq!(store.get("count").await.unwrap(), Some("200".into()));
}
