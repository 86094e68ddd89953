//! Stores of blobs pass the suite of their port.

use std::path::Path;
use std::sync::Arc;

use guru_core::memory;
use guru_core::ports::{Blob as _, Condition, ErrorKind, ListQuery};
use guru_services::{Files, LocalBlob, suite};

fn files(folder: &Path) -> LocalBlob {
    LocalBlob::new(Arc::new(Files::open(folder)))
}

#[tokio::test]
async fn memory_passes() {
    suite::blob(&memory::Blob::default(), "suite").await;
}

#[tokio::test]
async fn files_pass() {
    let folder = tempfile::tempdir().unwrap();
    suite::blob(&files(&folder.path().join(".guru/blobs/files")), "suite").await;
    let ignored = std::fs::read_to_string(folder.path().join(".guru/.gitignore"));
    assert_eq!(ignored.unwrap(), "*\n", "a project's data is none of git's");
    let left = std::fs::read_dir(folder.path().join(".guru/blobs/files/.new"));
    assert_eq!(left.unwrap().count(), 0, "what broke off is removed");
}

/// Whatever the key, a file is below the folder.
#[tokio::test]
async fn no_path_escapes() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    let store = files(&inner);
    for key in [
        "../a",
        "/etc/never",
        "..\\a",
        "a/../../b",
        "\u{0}",
        "~",
        "con",
        "C:\\a",
    ] {
        let put = store.put(key, "text/plain", "content".into(), Condition::None);
        put.await.unwrap();
        assert!(store.head(key).await.unwrap().is_some(), "{key:?}");
    }
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

/// A file that somebody else has put there is a blob, and one of ours can be read by others from its beginning.
#[tokio::test]
async fn files_are_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = files(folder.path());
    std::fs::write(folder.path().join("theirs.txt"), "content").unwrap();
    let found = store.get("theirs.txt", None).await.unwrap().unwrap();
    assert_eq!(found.info.content_type, "application/octet-stream");
    assert_eq!(found.content.collect(100).await.unwrap(), "content");
    let put = store.put("ours.txt", "text/plain", "content".into(), Condition::None);
    put.await.unwrap();
    let ours = std::fs::read(folder.path().join("ours.txt")).unwrap();
    assert!(ours.starts_with(b"content"));
    let page = store.list(ListQuery::new("")).await.unwrap();
    let keys: Vec<_> = page
        .blobs
        .iter()
        .map(|blob| (&*blob.key, blob.size))
        .collect();
    assert_eq!(keys, [("ours.txt", 7), ("theirs.txt", 7)]);
}

#[tokio::test]
async fn a_folder_that_is_none_is_said_by_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    std::fs::write(&path, "text").unwrap();
    let put = files(&path).put("a", "text/plain", "content".into(), Condition::None);
    let error = put.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("text"), "{error}");
}

/// A reader has one version to its end, whatever is put meanwhile.
#[tokio::test]
async fn a_reader_has_one_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = files(folder.path());
    let content = |byte: u8| vec![byte; 1_000_000];
    let put = |byte| store.put("a", "text/plain", content(byte).into(), Condition::None);
    put(1).await.unwrap();
    let mut found = store.get("a", None).await.unwrap().unwrap();
    let first = found.content.chunk().await.unwrap().unwrap();
    put(2).await.unwrap();
    let rest = found.content.collect(1_000_000).await.unwrap();
    assert!([first, rest].concat() == content(1));
}

/// What was not finished is not stored, though all of its bytes came; nor is what has more of them.
#[tokio::test]
async fn the_last_bytes_wait_for_the_end() {
    use guru_services::BlobStore as _;
    use guru_services::content::fed;

    let folder = tempfile::tempdir().unwrap();
    let store = Files::open(folder.path());
    for more in ["", "more"] {
        let (feeder, content) = fed(Some(4));
        let put = store.put("a", "text/plain", content, Condition::None);
        let fed = async {
            assert!(feeder.send("four".into()).await);
            feeder.send(more.into()).await;
            drop(feeder);
        };
        let (done, ()) = tokio::join!(put, fed);
        assert_eq!(done.unwrap_err().kind(), ErrorKind::Broken);
        assert_eq!(store.head("a").await.unwrap(), None);
    }
}
