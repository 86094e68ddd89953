//! The cases of databases in the dialect of PostgreSQL.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool for tests, where a panic is the report"
)]

use guru_core::ports::{ErrorKind, Postgres, Rows, Sql, SqlValue, Statement};

/// The cases of a database, with tables whose names begin with `unique`, a word.
pub async fn postgres(database: &dyn Sql, unique: &str) {
    types_come_back(database).await;
    parameters_fit_columns(database, unique).await;
    types_that_are_not_the_same_everywhere_are_refused(database).await;
    a_batch_is_all_or_nothing(database, unique).await;
    failures_have_kinds(database, unique).await;
    a_parameter_is_no_statement(database, unique).await;
    tables_change(database, unique).await;
}

async fn run(database: &dyn Sql, statement: Statement) -> Rows {
    statement
        .check::<Postgres>()
        .expect("a statement of the suite");
    let text = statement.text.clone();
    let done = database.run(statement).await;
    done.unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The value of `SELECT $1`, and what the server takes it for.
async fn types_come_back(database: &dyn Sql) {
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    for (value, kind) in [
        (i64::MAX.into(), "bigint"),
        (i64::MIN.into(), "bigint"),
        (0.into(), "bigint"),
        (0.1.into(), "double precision"),
        (5.0.into(), "double precision"),
        (f64::INFINITY.into(), "double precision"),
        (f64::MIN_POSITIVE.into(), "double precision"),
        ("".into(), "text"),
        ("grüß 🦀\u{1}'\"\\".into(), "text"),
        (Vec::<u8>::new().into(), "bytea"),
        (bytes.into(), "bytea"),
        (true.into(), "boolean"),
        (false.into(), "boolean"),
    ] {
        let text = "SELECT $1 AS value, pg_typeof($1)::text AS kind";
        let rows = run(database, Statement::new(text).bind(SqlValue::clone(&value))).await;
        assert_eq!(rows.rows, [[value, kind.into()]]);
        assert_eq!(rows.columns, ["value", "kind"]);
    }
    for text in ["SELECT $1 AS a", "SELECT $1::bigint + 1 AS a"] {
        let null = Statement::new(text).bind(SqlValue::Null);
        assert_eq!(run(database, null).await.rows, [[SqlValue::Null]]);
    }
    let nan = run(database, Statement::new("SELECT $1 AS a").bind(f64::NAN)).await;
    assert!(matches!(nan.rows[0][..], [SqlValue::Real(number)] if number.is_nan()));
    let text = "SELECT 1::smallint AS a, 2 AS b, 0.5::real AS a, 'x'::varchar AS d, 'y '::char(2) AS e, \
                'F47AC10B-58CC-4372-A567-0E02B2C3D479'::uuid AS f, NULL::uuid AS g";
    let rows = run(database, Statement::new(text)).await;
    assert_eq!(rows.columns, ["a", "b", "a", "d", "e", "f", "g"]);
    assert_eq!(
        rows.rows,
        [[
            1.into(),
            2.into(),
            0.5.into(),
            "x".into(),
            "y ".into(),
            "f47ac10b-58cc-4372-a567-0e02b2c3d479".into(),
            SqlValue::Null,
        ]]
    );
}

/// A parameter has its own type, and is cast where a column has another.
async fn parameters_fit_columns(database: &dyn Sql, unique: &str) {
    let table = format!("{unique}_columns");
    let create =
        format!("CREATE TABLE {table} (a integer, b real, c varchar(9), d jsonb, e numeric)");
    run(database, Statement::new(create)).await;
    let insert =
        format!("INSERT INTO {table} VALUES ($1, $2, $3, $4::jsonb, $5::numeric) RETURNING a");
    let insert = Statement::new(insert)
        .bind(7)
        .bind(0.25)
        .bind("x")
        .bind(r#"{"a":"$1"}"#)
        .bind("123456789012345678901234567890.5");
    assert_eq!(run(database, insert).await.rows, [[7.into()]]);
    let nulls = format!("INSERT INTO {table} (a, c, d) VALUES ($1, $2, $3)");
    let null = SqlValue::Null;
    let nulls = Statement::new(nulls).with_parameters(vec![null.clone(), null.clone(), null]);
    run(database, nulls).await;
    let select =
        format!("SELECT a, b, c, d->>'a' AS d, e::text AS e FROM {table} WHERE a = $1 AND c = $2");
    let rows = run(database, Statement::new(select).bind(7).bind("x")).await;
    let wanted = [
        7.into(),
        0.25.into(),
        "x".into(),
        "$1".into(),
        "123456789012345678901234567890.5".into(),
    ];
    assert_eq!(rows.rows, [wanted]);
}

async fn types_that_are_not_the_same_everywhere_are_refused(database: &dyn Sql) {
    for kind in [
        "numeric",
        "timestamptz",
        "timestamp",
        "date",
        "jsonb",
        "json",
        "integer[]",
        "name",
    ] {
        let value = match kind {
            "numeric" => "1.5",
            "json" | "jsonb" => "{}",
            "integer[]" => "{1}",
            "name" => "x",
            _ => "2026-01-02 03:04:05",
        };
        let error = database
            .run(Statement::new(format!("SELECT '{value}'::{kind} AS odd")))
            .await;
        let error = error.expect_err(kind);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{kind}: {error}");
        assert!(
            error.to_string().contains("`odd`") && error.to_string().contains("::text"),
            "{error}"
        );
        let text = Statement::new(format!("SELECT '{value}'::{kind}::text AS even"));
        assert!(matches!(
            run(database, text).await.rows[0][0],
            SqlValue::Text(_)
        ));
    }
}

async fn a_batch_is_all_or_nothing(database: &dyn Sql, unique: &str) {
    let table = format!("{unique}_batch");
    let create = format!("CREATE TABLE {table} (id bigint PRIMARY KEY)");
    run(database, Statement::new(create)).await;
    let insert = |id: i64| Statement::new(format!("INSERT INTO {table} VALUES ($1)")).bind(id);
    let count = || Statement::new(format!("SELECT count(*) FROM {table}"));
    let done = database.batch(vec![insert(1), insert(2), count()]).await;
    assert_eq!(done.expect("a batch")[2].rows, [[2.into()]]);
    let failed = database.batch(vec![insert(3), insert(1), insert(4)]).await;
    assert_eq!(failed.expect_err("a conflict").kind(), ErrorKind::Conflict);
    let failed = database
        .batch(vec![insert(3), Statement::new("SELECT * FROM nobody")])
        .await;
    assert_eq!(failed.expect_err("no table").kind(), ErrorKind::Invalid);
    let failed = database
        .batch(vec![insert(3), Statement::new("SELECT now()")])
        .await;
    assert_eq!(failed.expect_err("a time").kind(), ErrorKind::Invalid);
    assert_eq!(run(database, count()).await.rows, [[2.into()]]);
    // A constraint that is held only at the end is a failure of the whole, too.
    let (late, other) = (format!("{unique}_late"), format!("{unique}_batch"));
    let create = format!(
        "CREATE TABLE {late} (id bigint REFERENCES {other} (id) DEFERRABLE INITIALLY DEFERRED)"
    );
    run(database, Statement::new(create)).await;
    let insert = Statement::new(format!("INSERT INTO {late} VALUES (99)"));
    let failed = database.batch(vec![insert.clone(), count()]).await;
    assert_eq!(failed.expect_err("at the end").kind(), ErrorKind::Conflict);
    let failed = database.run(insert).await;
    assert_eq!(failed.expect_err("at the end").kind(), ErrorKind::Conflict);
    let none = database.batch(Vec::new()).await;
    assert!(none.expect("a batch of nothing").is_empty());
}

async fn failures_have_kinds(database: &dyn Sql, unique: &str) {
    let table = format!("{unique}_kinds");
    let create = format!(
        "CREATE TABLE {table} (a bigint UNIQUE CHECK (a <> 0), b bigint NOT NULL DEFAULT 1)"
    );
    run(database, Statement::new(create)).await;
    let insert = format!("INSERT INTO {table} (a) VALUES ($1)");
    run(database, Statement::new(&insert).bind(1)).await;
    let null = format!("INSERT INTO {table} (b) VALUES ($1)");
    for (statement, kind) in [
        (Statement::new("SELEC"), ErrorKind::Invalid),
        (Statement::new("SELECT nothing"), ErrorKind::Invalid),
        (Statement::new("SELECT nothing(1)"), ErrorKind::Invalid),
        (Statement::new("SELECT 1; SELECT 2"), ErrorKind::Invalid),
        (Statement::new("SELECT 1 / $1").bind(0), ErrorKind::Invalid),
        (
            Statement::new("SELECT $1::integer").bind(i64::MAX),
            ErrorKind::Invalid,
        ),
        (
            Statement::new("SELECT $1 AS a").bind("a\0b"),
            ErrorKind::Invalid,
        ),
        (Statement::new(&insert).bind(1), ErrorKind::Conflict),
        (Statement::new(&insert).bind(0), ErrorKind::Conflict),
        (
            Statement::new(null).bind(SqlValue::Null),
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
    let create = format!("CREATE TABLE {table} (name text)");
    run(database, Statement::new(create)).await;
    let evil = format!("x'); DROP TABLE {table}; --");
    let insert = format!("INSERT INTO {table} VALUES ($1)");
    run(database, Statement::new(insert).bind(&evil)).await;
    let select = Statement::new(format!("SELECT name FROM {table} WHERE name = $1"));
    assert_eq!(
        run(database, select.bind(&evil)).await.rows,
        [[evil.into()]]
    );
}

/// What a connection knows of a table may be of before it was changed.
async fn tables_change(database: &dyn Sql, unique: &str) {
    let table = format!("{unique}_changes");
    run(
        database,
        Statement::new(format!("CREATE TABLE {table} (a bigint, b bigint)")),
    )
    .await;
    run(
        database,
        Statement::new(format!("INSERT INTO {table} VALUES (1, 2)")),
    )
    .await;
    let select = || Statement::new(format!("SELECT * FROM {table}"));
    let count = || Statement::new(format!("SELECT count(*) FROM {table}"));
    assert_eq!(run(database, select()).await.rows, [[1.into(), 2.into()]]);
    for change in ["DROP COLUMN a", "ALTER COLUMN b TYPE text"] {
        run(
            database,
            Statement::new(format!("ALTER TABLE {table} {change}")),
        )
        .await;
        assert_eq!(run(database, select()).await.rows[0].len(), 1);
        let both = database.batch(vec![count(), select()]).await;
        assert_eq!(both.expect("a batch")[1].columns, ["b"]);
    }
    assert_eq!(run(database, select()).await.rows, [["2".into()]]);
}
