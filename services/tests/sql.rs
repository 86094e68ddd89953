//! Every database passes the suite of its port, and is as strict as the strictest of them.

use std::sync::Arc;

use guru_core::ports::{ErrorKind, Sql, Statement, outline};
use guru_services::{LocalSql, SqliteDatabase, SqliteInMemory, suite};
use proptest::prelude::*;

#[tokio::test]
async fn memory_passes() {
    suite::sqlite(&SqliteInMemory::new(), "suite").await;
}

#[tokio::test]
async fn a_file_passes_and_keeps_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/tables.sqlite");
    let open = || LocalSql::new(Arc::new(SqliteDatabase::open(&path)));
    suite::sqlite(&open(), "suite").await;
    let count = Statement::new("SELECT count(*) FROM suite_batch");
    assert_eq!(open().run(count).await.unwrap().rows, [[2.into()]]);
}

/// What no port lets through is refused by the connection, too.
#[tokio::test]
async fn other_files_and_settings_are_out_of_reach() {
    let database = SqliteInMemory::new();
    for text in [
        "ATTACH ':memory:' AS other",
        "PRAGMA journal_mode",
        "CREATE TEMP TABLE a (b)",
        "VACUUM INTO '/tmp/never'",
        "SELECT * FROM pragma_database_list",
    ] {
        let error = database.run(Statement::new(text)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}: {error}");
    }
}

#[tokio::test]
async fn what_is_too_much_for_d1_is_too_much() {
    let database = SqliteInMemory::new();
    let deep = format!("SELECT {}1", "1 + ".repeat(101));
    let compound = format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(6));
    let pattern = format!("SELECT 'a' LIKE '{}'", "a".repeat(51));
    for text in [&deep, &compound, &pattern] {
        let error = database.run(Statement::new(text)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}: {error}");
    }
    let error = database
        .run(Statement::new("SELECT zeroblob(2000001)"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

/// Pieces of SQL, in which a parser may lose its way.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "?",
        "?1",
        "\u{feff}",
        "\u{b}",
        "\u{a0}",
        "?7",
        "'",
        "''",
        "\"",
        "`",
        "[",
        "]",
        "--",
        "\n",
        "/*",
        "*/",
        "/",
        "*",
        "-",
        ";",
        " ",
        "a",
        "$",
        "x'",
        "1",
        "e",
        ".5",
        "ä",
        "END",
        "CREATE TRIGGER",
        ",",
        "(",
        ")",
        "=",
        "|",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// SQLite's own parser sees the same parameters, wherever it takes a text for a statement.
    #[test]
    fn parameters_stand_where_sqlite_has_them(tail in pieces()) {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        // Whatever follows is of a statement that SQLite takes.
        let text = format!("SELECT 1, ?3 AS x /* {tail} */, '?9' AS \"?8\", ?2 -- {tail}\n, ?");
        for text in [text, format!("SELECT {tail}")] {
            let Ok(prepared) = connection.prepare(&text) else { continue };
            match outline(&text) {
                Ok(found) => {
                    let places = found.placeholders.iter();
                    let highest = places.map(|place| place.number).max().unwrap_or_default();
                    prop_assert_eq!(highest, prepared.parameter_count(), "{}", text);
                    // What is around it is no part of it.
                    let own = connection.prepare(&text[found.range]);
                    prop_assert_eq!(own.map(|own| own.parameter_count()), Ok(highest), "{}", text);
                }
                Err(error) => {
                    // A named parameter, or one beyond the last: SQLite has no objection.
                    let error = error.to_string();
                    // rusqlite takes more than SQLite for a space.
                    let is_space = text.contains('\u{a0}');
                    prop_assert!(error.contains("parameter") || is_space, "{text}: {error}");
                }
            }
        }
    }

    /// Where SQLite finds a second statement, so does the port.
    #[test]
    fn a_second_statement_is_found(tail in pieces()) {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        // Whatever is in front of it, what begins or ends a transaction does not pass.
        for word in ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT a"] {
            let text = format!("{tail}{word}");
            if outline(&text).is_ok() {
                let begun = connection.execute(&text, ());
                prop_assert!(connection.is_autocommit(), "{}: {:?}", text, begun);
            }
        }
        let text = format!("SELECT 1; {tail}");
        if let Err(rusqlite::Error::MultipleStatement) = connection.prepare(&text) {
            prop_assert!(outline(&text).is_err(), "{}", text);
        }
    }
}
