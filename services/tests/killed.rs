//! A process that is killed while it writes loses nothing that it has acknowledged, and leaves nothing half done.

#![expect(
    clippy::unwrap_used,
    reason = "a test reports by panicking, its helpers too"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guru_core::ports::{Atomic as _, Condition, KeyValue as _};
use guru_services::{BlobStore as _, Files, Local, Sqlite, Store as _, content};
use http_body_util::BodyExt as _;

/// The file that a process writes to that this test starts, and kills.
const FILE: &str = "GURU_TEST_KILLED";

/// How often one is killed, and after how long.
const ROUNDS: u64 = 50;
const TIME: Duration = Duration::from_millis(60);

/// A value that is as large as it gets now and then, and that can be told from a part of it.
fn value(number: u64) -> Bytes {
    let size = if number.is_multiple_of(7) {
        200_000
    } else {
        100
    };
    let byte = u8::try_from(number % 251).unwrap();
    vec![byte; size].into()
}

/// Writes until it is killed, and says what it has written. Does nothing in a run of all tests.
#[tokio::test]
async fn writer() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let store = Sqlite::open(Path::new(&path), "a");
    let mut out = std::io::stdout();
    // Of no use to anybody for longer than this.
    for number in 0..2000 {
        let key = format!("{}-{number}", std::process::id());
        store
            .write(&key, value(number), None, Condition::None)
            .await
            .unwrap();
        let count = store.add("count", 1).await.unwrap();
        writeln!(out, "written {key} {number} {count}").unwrap();
        out.flush().unwrap();
    }
}

/// The folder that a process stores blobs in that this test starts, and kills.
const FOLDER: &str = "GURU_TEST_KILLED_FOLDER";

/// Stores blobs until it is killed, and says which: each number anew, and one blob again and again.
#[tokio::test]
async fn uploader() {
    let Some(path) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = Files::open(Path::new(&path));
    let mut out = std::io::stdout();
    for number in 0..2000 {
        for key in [format!("{}-{number}", std::process::id()), "again".into()] {
            let content = content::whole(value(number));
            let put = store.put(&key, "text/plain", content, Condition::None);
            put.await.unwrap();
        }
        writeln!(out, "written {}-{number} {number} 0", std::process::id()).unwrap();
        out.flush().unwrap();
    }
}

/// Blobs that were acknowledged are there, whole; the one that is always replaced is one of those that were written.
#[tokio::test]
async fn blobs_that_were_acknowledged_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = Files::open(folder.path());
    let read = async |key: &str| {
        let found = store.get(key, None).await.unwrap()?;
        Some(found.content.collect().await.unwrap().to_bytes())
    };
    let (mut total, mut rounds_with_writes) = (0, 0);
    for _ in 0..ROUNDS {
        let (written, _) = kill_one("uploader", FOLDER, folder.path());
        for (key, number) in &written {
            assert_eq!(read(key).await, Some(value(*number)), "{key}");
        }
        if let Some(again) = read("again").await {
            assert!(
                (0..2000).any(|number| again == value(number)),
                "half of one"
            );
        }
        total += written.len();
        rounds_with_writes += usize::from(!written.is_empty());
    }
    assert!(
        rounds_with_writes > 10,
        "only {rounds_with_writes} rounds with writes"
    );
    assert!(total > 100, "only {total} writes");
}

/// A write that cannot be committed is an error, and none that was acknowledged: a file may have no more than so much.
#[cfg(unix)]
#[tokio::test]
async fn what_does_not_fit_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    // In units of 512 or 1024 bytes. The signal that comes with it would end the process.
    let said = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--nocapture"])
        .env(FILE, &path)
        .output()
        .unwrap();
    assert!(
        !said.status.success(),
        "it was told that all of it was written"
    );
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let written: Vec<_> = said.lines().filter_map(acknowledged).collect();
    assert!(written.len() > 5, "only {written:?}");
    let store = Local::new(Arc::new(Sqlite::open(&path, "a")));
    for (key, number, count) in &written {
        assert_eq!(store.get(key).await.unwrap(), Some(value(*number)), "{key}");
        assert!(store.add("count", 0).await.unwrap() >= *count, "{key}");
    }
}

/// What a line of a writer's says: key, number and count. One that was cut is of a write that nobody was told of.
fn acknowledged(line: &str) -> Option<(String, u64, i64)> {
    let words: Vec<_> = line.split(' ').collect();
    match words[..] {
        ["written", key, number, count] => {
            Some((key.to_owned(), number.parse().ok()?, count.parse().ok()?))
        }
        _ => None,
    }
}

/// Lets a writer write for a while; what it has acknowledged, and what it had counted then.
fn kill_one(writer: &str, variable: &str, path: &Path) -> (Vec<(String, u64)>, i64) {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", writer, "--nocapture"])
        .env(variable, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    std::thread::sleep(TIME);
    writer.kill().unwrap();
    writer.wait().unwrap();
    let (mut written, mut last) = (Vec::new(), 0);
    for line in lines.map_while(Result::ok) {
        if let Some((key, number, count)) = acknowledged(&line) {
            written.push((key, number));
            last = count;
        }
    }
    (written, last)
}

#[tokio::test]
async fn what_was_acknowledged_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let (mut total, mut rounds_with_writes) = (0, 0);
    for _ in 0..ROUNDS {
        let (written, count) = kill_one("writer", FILE, &path);
        let store = Local::new(Arc::new(Sqlite::open(&path, "a")));
        for (key, number) in &written {
            assert_eq!(store.get(key).await.unwrap(), Some(value(*number)), "{key}");
        }
        // One more may have been counted of which nobody was told; and a value may be there that was not counted.
        let counted = store.add("count", 0).await.unwrap();
        assert!(
            (count..=count + 1).contains(&counted) || count == 0,
            "{counted} of {count}"
        );
        total += written.len();
        rounds_with_writes += usize::from(!written.is_empty());
    }
    assert!(
        rounds_with_writes > 10,
        "only {rounds_with_writes} rounds with writes"
    );
    assert!(total > 100, "only {total} writes");
    let file = rusqlite::Connection::open(&path).unwrap();
    let sound: String = file
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}
