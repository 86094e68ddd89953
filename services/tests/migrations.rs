//! Migrations of SQLite's databases: each once, in order, all of it or nothing.

#![expect(
    clippy::unwrap_used,
    reason = "a test reports by panicking, its helpers too"
)]

use std::fs;
use std::path::Path;

use guru_core::ports::{ErrorKind, Rows, Sql, Statement};
use guru_services::{Dialect, LocalSql, Migration, Services, SqliteInMemory};

fn migration(name: &str, text: &str) -> Migration {
    let (name, text) = (name.into(), text.into());
    Migration { name, text }
}

async fn run(database: &impl Sql, text: &str) -> Rows {
    database.run(Statement::new(text)).await.unwrap()
}

#[tokio::test]
async fn each_is_applied_once() {
    let database = SqliteInMemory::new();
    let first = migration(
        "1_a.sql",
        "CREATE TABLE a (b); INSERT INTO a VALUES (1);\n-- A trigger has statements of its own.\n\
         CREATE TRIGGER c AFTER INSERT ON a BEGIN UPDATE a SET b = b + 1; END;",
    );
    let second = migration("2_b.sql", "INSERT INTO a VALUES (10)");
    let names = |applied: &[Migration]| database.migrate(applied).unwrap();
    assert_eq!(names(std::slice::from_ref(&first)), ["1_a.sql"]);
    assert_eq!(names(&[first.clone(), second.clone()]), ["2_b.sql"]);
    assert_eq!(names(&[first, second]), [""; 0]);
    let found = run(&database, "SELECT b FROM a ORDER BY b").await;
    assert_eq!(found.rows, [[2.into()], [11.into()]]);
    let found = run(&database, "SELECT name FROM guru_migrations ORDER BY name").await;
    assert_eq!(found.rows, [["1_a.sql".into()], ["2_b.sql".into()]]);
}

#[tokio::test]
async fn of_one_that_fails_nothing_is_done() {
    let database = SqliteInMemory::new();
    let good = migration("1_a.sql", "CREATE TABLE a (b)");
    for (text, kind) in [
        (
            "INSERT INTO a VALUES (1); INSERT INTO none VALUES (1)",
            ErrorKind::Invalid,
        ),
        (
            "INSERT INTO a VALUES (1); ATTACH ':memory:' AS other",
            ErrorKind::Invalid,
        ),
        ("INSERT INTO a VALUES (1); nonsense", ErrorKind::Invalid),
    ] {
        let bad = migration("2_b.sql", text);
        let last = migration("3_c.sql", "INSERT INTO a VALUES (2);");
        let error = database.migrate(&[good.clone(), bad, last]).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(error.to_string().contains("2_b.sql"), "{error}");
        let found = run(&database, "SELECT count(*) FROM a").await;
        assert_eq!(found.rows, [[0.into()]], "{text}");
    }
    // One that ends its transaction is told, and tried again.
    let error = database
        .migrate(&[migration("4_d.sql", "INSERT INTO a VALUES (3); COMMIT")])
        .unwrap_err();
    assert!(error.to_string().contains("COMMIT"), "{error}");
    // It may order foreign keys to be held at its end.
    let deferred = "PRAGMA defer_foreign_keys = on; CREATE TABLE d (e REFERENCES f); \
                    CREATE TABLE f (g PRIMARY KEY); INSERT INTO d VALUES (1); INSERT INTO f VALUES (1)";
    database.migrate(&[migration("5_e.sql", deferred)]).unwrap();
}

fn services(folder: &Path) -> Services {
    let settings = [
        ("GURU_DATA", folder.join("data")),
        ("GURU_MIGRATIONS", folder.join("migrations")),
    ];
    let settings = settings.map(|(name, value)| (name.into(), value.into()));
    Services::at_home(settings).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_applies_them_before_the_first_call() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("migrations/db");
    fs::create_dir_all(&own).unwrap();
    let text = "CREATE TABLE a (b); INSERT INTO a VALUES (1);";
    fs::write(own.join("0001_a.sql"), text).unwrap();
    // Several processes, which begin at the same moment.
    let calls = (0..8).map(|_| {
        let database = services(folder.path()).connect("db");
        let call = database.batch(vec![Statement::new("SELECT b FROM a")]);
        tokio::spawn(call)
    });
    let calls: Vec<_> = calls.collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap()[0].rows, [[1.into()]]);
    }
    // What is added is applied by whoever starts next.
    fs::write(own.join("0002_b.sql"), "INSERT INTO a VALUES (2);").unwrap();
    assert_eq!(
        services(folder.path())
            .migrate("db", Some(Dialect::Sqlite))
            .await
            .unwrap(),
        ["0002_b.sql"]
    );
    assert_eq!(
        services(folder.path())
            .migrate("db", Some(Dialect::Sqlite))
            .await
            .unwrap(),
        [""; 0]
    );
    // Another database has none of them.
    let other = LocalSql::new(services(folder.path()).connect("other"));
    let error = other
        .run(Statement::new("SELECT b FROM a"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        services(folder.path())
            .migrate("../db", Some(Dialect::Sqlite))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Invalid
    );
}

#[tokio::test]
async fn one_that_fails_fails_each_call_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("migrations/db");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("0001_a.sql"), "CREATE TABLE;").unwrap();
    let services = services(folder.path());
    let database = LocalSql::new(services.connect("db"));
    for _ in 0..2 {
        let error = database.run(Statement::new("SELECT 1")).await.unwrap_err();
        assert!(error.to_string().contains("0001_a.sql"), "{error}");
    }
    fs::write(own.join("0001_a.sql"), "CREATE TABLE a (b);").unwrap();
    run(&database, "SELECT b FROM a").await;
}

#[tokio::test]
async fn two_databases_in_one_file_have_their_own() {
    let folder = tempfile::tempdir().unwrap();
    for (name, table) in [("one", "a"), ("other", "b")] {
        let own = folder.path().join("migrations").join(name);
        fs::create_dir_all(&own).unwrap();
        let text = format!("CREATE TABLE {table} (n);");
        fs::write(own.join("0001_first.sql"), text).unwrap();
    }
    let file = format!("sqlite:{}", folder.path().join("both.sqlite").display());
    let settings = [
        ("GURU_PORT_ONE", file.clone().into()),
        ("GURU_PORT_OTHER", file.into()),
        ("GURU_MIGRATIONS", folder.path().join("migrations")),
    ];
    let settings =
        settings.map(|(name, value): (&str, std::path::PathBuf)| (name.into(), value.into()));
    let services = Services::read(settings).unwrap();
    run(&LocalSql::new(services.connect("one")), "SELECT n FROM a").await;
    run(&LocalSql::new(services.connect("other")), "SELECT n FROM b").await;
    let none = services
        .migrate("third", Some(Dialect::Sqlite))
        .await
        .unwrap_err();
    assert!(none.to_string().contains("third"), "{none}");
}

#[tokio::test]
async fn a_large_file_is_applied() {
    let database = SqliteInMemory::new();
    let mut text = "CREATE TABLE a (b);\n".to_owned();
    text += &"INSERT INTO a VALUES ('x');\n".repeat(10_000);
    database.migrate(&[migration("1_a.sql", &text)]).unwrap();
    let found = run(&database, "SELECT count(*) FROM a").await;
    assert_eq!(found.rows, [[10_000.into()]]);
    // A function's own statement is held to its limit as before.
    let long = format!("SELECT '{}'", "x".repeat(100_001));
    let error = database.run(Statement::new(long)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn what_cannot_be_read_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let settings = || {
        let name = folder.path().join("migrations");
        Services::at_home([("GURU_MIGRATIONS".into(), name.into())])
    };
    let refused = || settings().unwrap_err().to_string();
    assert!(refused().contains("migrations"), "{}", refused());
    let own = folder.path().join("migrations/db");
    fs::create_dir_all(&own).unwrap();
    assert!(settings().is_ok());
    fs::write(own.join("users.sql"), "").unwrap();
    assert!(refused().contains("users.sql"), "{}", refused());
}

#[tokio::test]
async fn of_two_dialects_one_has_to_be_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("migrations/db")).unwrap();
    let unsaid = services(folder.path()).migrate("db", None).await;
    let unsaid = unsaid.unwrap_err().to_string();
    assert!(unsaid.contains("GURU_PORT_DB"), "{unsaid}");
}
