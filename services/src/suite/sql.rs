//! The cases of databases in the dialect of SQLite.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool for tests, where a panic is the report"
)]

use guru_core::ports::{ErrorKind, Rows, Sql, SqlValue, Sqlite, Statement};

/// The cases of a database, with tables whose names begin with `unique`, a word.
pub async fn sqlite(database: &dyn Sql, unique: &str) {
    types_come_back(database).await;
    rows_have_names(database).await;
    a_batch_is_all_or_nothing(database, unique).await;
    failures_have_kinds(database, unique).await;
    a_parameter_is_no_statement(database, unique).await;
}

async fn run(database: &dyn Sql, statement: Statement) -> Rows {
    statement
        .check::<Sqlite>()
        .expect("a statement of the suite");
    let text = statement.text.clone();
    let done = database.run(statement).await;
    done.unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The value of `SELECT ?1`, and what SQLite takes it for.
async fn types_come_back(database: &dyn Sql) {
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    for (value, kind) in [
        (SqlValue::Null, "null"),
        (i64::MAX.into(), "integer"),
        (i64::MIN.into(), "integer"),
        (0.into(), "integer"),
        (0.1.into(), "real"),
        (f64::INFINITY.into(), "real"),
        (f64::MIN_POSITIVE.into(), "real"),
        ("".into(), "text"),
        ("grüß 🦀\u{1}'\"".into(), "text"),
        (Vec::<u8>::new().into(), "blob"),
        (bytes.into(), "blob"),
    ] {
        let statement = Statement::new("SELECT ?1, typeof(?1)").bind(value.clone());
        let rows = run(database, statement).await;
        assert_eq!(rows.rows, [[value, kind.into()]]);
    }
    for (value, wanted) in [
        (SqlValue::Bool(true), SqlValue::Integer(1)),
        (SqlValue::Bool(false), SqlValue::Integer(0)),
        (SqlValue::Real(f64::NAN), SqlValue::Null),
    ] {
        let rows = run(database, Statement::new("SELECT ?1").bind(value)).await;
        assert_eq!(rows.rows, [[wanted]]);
    }
}

async fn rows_have_names(database: &dyn Sql) {
    let rows = run(
        database,
        Statement::new("SELECT 1 AS a, 2 AS b, 3 AS a WHERE 0"),
    )
    .await;
    assert_eq!(rows.columns, ["a", "b", "a"]);
    assert!(rows.rows.is_empty());
}

async fn a_batch_is_all_or_nothing(database: &dyn Sql, unique: &str) {
    let table = format!("{unique}_batch");
    let create = format!("CREATE TABLE {table} (id INTEGER PRIMARY KEY)");
    run(database, Statement::new(create)).await;
    let insert = |id: i64| Statement::new(format!("INSERT INTO {table} VALUES (?1)")).bind(id);
    let count = || Statement::new(format!("SELECT count(*) FROM {table}"));
    let done = database.batch(vec![insert(1), insert(2), count()]).await;
    assert_eq!(done.expect("a batch")[2].rows, [[2.into()]]);
    let failed = database.batch(vec![insert(3), insert(1), insert(4)]).await;
    assert_eq!(failed.expect_err("a conflict").kind(), ErrorKind::Conflict);
    let failed = database
        .batch(vec![insert(3), Statement::new("SELECT * FROM nobody")])
        .await;
    assert_eq!(failed.expect_err("no table").kind(), ErrorKind::Invalid);
    assert_eq!(run(database, count()).await.rows, [[2.into()]]);
    let none = database.batch(Vec::new()).await;
    assert!(none.expect("a batch of nothing").is_empty());
}

async fn failures_have_kinds(database: &dyn Sql, unique: &str) {
    let table = format!("{unique}_kinds");
    let create = format!("CREATE TABLE {table} (a UNIQUE CHECK (a <> 0), b NOT NULL DEFAULT 1)");
    run(database, Statement::new(create)).await;
    let insert = format!("INSERT INTO {table} (a) VALUES (?1)");
    run(database, Statement::new(&insert).bind(1)).await;
    for (statement, kind) in [
        (Statement::new("SELEC"), ErrorKind::Invalid),
        (Statement::new("SELECT nothing"), ErrorKind::Invalid),
        (Statement::new("SELECT nothing(1)"), ErrorKind::Invalid),
        (Statement::new(&insert).bind(1), ErrorKind::Conflict),
        (Statement::new(&insert).bind(0), ErrorKind::Conflict),
        (
            Statement::new(format!("INSERT INTO {table} (b) VALUES (?1)")).bind(SqlValue::Null),
            ErrorKind::Conflict,
        ),
    ] {
        let error = database.run(statement.clone()).await;
        let error = error.expect_err("a statement that fails");
        assert_eq!(error.kind(), kind, "{statement:?}: {error}");
    }
}

async fn a_parameter_is_no_statement(database: &dyn Sql, unique: &str) {
    let table = format!("{unique}_names");
    run(
        database,
        Statement::new(format!("CREATE TABLE {table} (name)")),
    )
    .await;
    let evil = format!("x'); DROP TABLE {table}; --");
    let insert = format!("INSERT INTO {table} VALUES (?1)");
    run(database, Statement::new(insert).bind(&evil)).await;
    let select = Statement::new(format!("SELECT name FROM {table} WHERE name = ?1"));
    assert_eq!(
        run(database, select.bind(&evil)).await.rows,
        [[evil.into()]]
    );
}
