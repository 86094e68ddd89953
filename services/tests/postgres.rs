//! PostgreSQL passes the suite of its port: a server whose programs are in the folder that the variable `POSTGRES_BIN` names. Without
//! it nothing of this is run, and the tests are listed as ignored.

#![expect(
    clippy::unwrap_used,
    reason = "a test reports by panicking, its helpers too"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Poll;

use guru_core::ports::{Error, ErrorKind, Rows, Sql as _, Statement, postgres_placeholders};
use guru_services::{
    Address, BlockingPostgres, LocalSql, PostgresDatabase, Services, SqlDatabase as _, suite,
};
use guru_toolbox::postgres::Server;
use libtest_mimic::{Arguments, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// The variable that names the folder of the server's programs.
const PROGRAMS: &str = "POSTGRES_BIN";

fn programs() -> PathBuf {
    std::env::var_os(PROGRAMS).unwrap().into()
}

fn database(url: &str) -> BlockingPostgres {
    BlockingPostgres::open(&Address::read(url).unwrap())
}

fn shared(url: &str) -> PostgresDatabase {
    PostgresDatabase::open(&Address::read(url).unwrap())
}

fn batch(database: &BlockingPostgres, statements: Vec<Statement>) -> Result<Vec<Rows>, Error> {
    let mut waits = std::task::Context::from_waker(std::task::Waker::noop());
    match database.batch(statements).as_mut().poll(&mut waits) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("it is waited for where it is made"),
    }
}

fn run(database: &BlockingPostgres, text: &str) -> Result<Rows, Error> {
    let mut all = batch(database, vec![Statement::new(text)])?;
    Ok(all.pop().unwrap())
}

/// The suite of the port, by a setting as a deployment has it.
fn passes(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let services = Services::read([("GURU_POSTGRES".into(), url.into())]).unwrap();
    let database = LocalSql::new(services.postgres("db"));
    runtime.block_on(suite::postgres(&database, "suite"));
    // Where no setting names a server, a call says what to set.
    let missing = LocalSql::new(Services::default().postgres("db"));
    let error = runtime
        .block_on(missing.run(Statement::new("SELECT 1")))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("GURU_PORT_DB"), "{error}");
}

/// More calls at once than there are connections: each waits for its turn, and what they write is all there.
fn takes_turns(url: &str) {
    let url = format!("{url}?pool=3");
    let (database, shared) = (database(&url), shared(&url));
    run(&database, "CREATE TABLE turns (n bigint)").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let calls = (0..64).map(|n| {
        let insert = Statement::new("INSERT INTO turns VALUES ($1)").bind(n);
        runtime.spawn(shared.batch(vec![insert.clone(), insert]))
    });
    let calls: Vec<_> = calls.collect();
    for call in calls {
        runtime.block_on(call).unwrap().unwrap();
    }
    let rows = run(&database, "SELECT count(*), count(DISTINCT n) FROM turns").unwrap();
    assert_eq!(rows.rows, [[128.into(), 64.into()]]);
}

/// A call that is given up leaves neither a transaction nor a lock behind.
fn is_given_up(url: &str) {
    let (database, shared) = (database(url), shared(url));
    run(&database, "CREATE TABLE given_up (n bigint)").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let slow = vec![
        Statement::new("INSERT INTO given_up VALUES (1)"),
        Statement::new("SELECT pg_sleep(0.2)::text AS slept"),
        Statement::new("SELECT now()"),
    ];
    let call = shared.batch(slow);
    let limit = std::time::Duration::from_millis(50);
    let late = runtime.block_on(async { tokio::time::timeout(limit, call).await });
    assert!(late.is_err());
    // It waits for the lock of the other one, which fails in the end.
    let rows = batch(
        &database,
        vec![
            Statement::new("LOCK TABLE given_up"),
            Statement::new("SELECT count(*) FROM given_up"),
        ],
    )
    .unwrap();
    assert_eq!(rows.last().unwrap().rows, [[0.into()]]);
}

/// What a statement leaves in its session is not there for the next call on the connection.
fn leaves_nothing(url: &str) {
    let database = database(&format!("{url}?pool=1"));
    run(&database, "CREATE TABLE lasting (n bigint)").unwrap();
    run(&database, "CREATE TEMP TABLE lasting (n text)").unwrap();
    run(
        &database,
        "SELECT set_config('search_path', 'nowhere', false)",
    )
    .unwrap();
    run(&database, "SELECT pg_advisory_lock(7)::text AS a").unwrap();
    run(
        &database,
        "-- by whom\n/* and why */ DO $$ BEGIN SET application_name = 'odd'; END $$",
    )
    .unwrap();
    let update = "UPDATE pg_settings SET setting = 'nowhere' WHERE name = 'search_path'";
    // It gives a row of all settings, of types that are not given.
    let _ = run(&database, update);
    run(&database, "INSERT INTO lasting VALUES (1)").unwrap();
    let kept = "SELECT (SELECT count(*) FROM public.lasting) AS a, current_setting('application_name') AS b, \
                (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS c";
    let rows = run(&database, kept).unwrap();
    assert_eq!(rows.rows, [[1.into(), "guru".into(), 0.into()]]);
}

/// What comes back has a limit, and what is beyond it is not kept by the connection either.
fn holds_limits(url: &str) {
    let database = database(&format!("{url}?pool=1"));
    // Whoever had to read all of it, a terabyte, would wait for hours.
    let large = "SELECT repeat('x', 1000000) AS a FROM generate_series(1, 1000000)";
    assert_eq!(
        run(&database, large).unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    assert_eq!(run(&database, "SELECT 1").unwrap().rows, [[1.into()]]);
    // The server is told that nobody wants it any more.
    let going = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT repeat%'";
    while run(&database, going).unwrap().rows != [[0.into()]] {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    for n in 0..600 {
        run(&database, &format!("SELECT {n}")).unwrap();
    }
    let known = run(&database, "SELECT count(*) FROM pg_prepared_statements").unwrap();
    let known = known.read::<i64>().unwrap().pop().unwrap();
    assert!(known < 300, "{known}");
}

/// The server goes, in the middle and in between, and comes back.
fn comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&programs(), folder.path()).unwrap();
    let first = database(server.url());
    run(&first, "CREATE TABLE kept (n bigint)").unwrap();
    run(&first, "INSERT INTO kept VALUES (1)").unwrap();
    let waits = std::thread::spawn({
        let database = first.clone();
        move || run(&database, "SELECT pg_sleep(20)::text AS a")
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    let address = server.url().to_owned();
    let (_, password) = address.split_once("guru:").unwrap();
    let password = password.split('@').next().unwrap();
    drop(server);
    assert_eq!(waits.join().unwrap().unwrap_err().kind(), ErrorKind::Broken);
    let error = run(&first, "SELECT 1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let shown = format!("{error} {:?}", Address::read(&address).unwrap());
    assert!(!shown.contains(password), "{shown}");
    // It has another port now, and the old address is still nobody's.
    let server = Server::start(&programs(), folder.path()).unwrap();
    let again = database(server.url());
    assert_eq!(
        run(&again, "SELECT n FROM kept").unwrap().rows,
        [[1.into()]]
    );
    // Each connection is ended by its server, as by an administrator.
    let end = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
               AND usename = current_user";
    let other = database(&format!("{}?application_name=other", server.url()));
    run(&other, end).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(
        run(&again, "SELECT n FROM kept").unwrap().rows,
        [[1.into()]]
    );
}

/// A connection is encrypted to a server whose certificate is trusted, and to no other.
fn encrypts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&programs(), folder.path()).unwrap();
    let certificate = |name: &str| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let path = folder.path().join(format!("{name}.pem"));
        std::fs::write(&path, made.cert.pem()).unwrap();
        (made, path)
    };
    let (own, trusted) = certificate("localhost");
    let (_, other) = certificate("elsewhere");
    let data = folder.path().join("data");
    std::fs::write(data.join("server.crt"), own.cert.pem()).unwrap();
    let key = data.join("server.key");
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let plain = database(server.url());
    run(&plain, "ALTER SYSTEM SET ssl = on").unwrap();
    run(&plain, "SELECT pg_reload_conf()").unwrap();
    let named = server.url().replace("127.0.0.1", "localhost");
    let with = |url: &str, roots: &std::path::Path| {
        let roots = roots.display();
        database(&format!("{url}?sslmode=verify-full&sslrootcert={roots}"))
    };
    let is_encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let database = with(&named, &trusted);
    // The server reads its settings anew in its own time.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let rows = loop {
        match run(&database, is_encrypted) {
            Err(_) if std::time::Instant::now() < deadline => {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            rows => break rows.unwrap(),
        }
    };
    assert_eq!(rows.rows, [[true.into()]]);
    assert_eq!(run(&plain, is_encrypted).unwrap().rows, [[false.into()]]);
    // A certificate of somebody else's, and one of another name.
    for database in [with(&named, &other), with(server.url(), &trusted)] {
        let error = run(&database, "SELECT 1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
}

/// Who may not connect is told so, without a password.
fn refuses(url: &str) {
    let wrong = url.replace("guru:", "guru:not-the-password-but-");
    let error = run(&database(&wrong), "SELECT 1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(!error.to_string().contains("not-the-password"), "{error}");
    let none = format!("{url}_not_there");
    let error = run(&database(&none), "SELECT 1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let encrypted = format!("{url}?sslmode=require");
    let error = run(&database(&encrypted), "SELECT 1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

/// The server's own parser sees the same parameters, wherever it takes a text for a statement.
fn parameters_stand_where_the_server_has_them(url: &str) {
    let database = database(url);
    let piece = prop::sample::select(vec![
        "$1", "$2", "$$", "$a$", "$", "'", "''", "E'", "e'", "\\", "\"", "--", "\n", "/*", "*/",
        "/", "*", "-", " ", "a", "1", "ä", "U&'", "x'", "B'", ",", "(", ")", "::text", "||", "?",
        "[", "]", ".",
    ]);
    let pieces = prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(3000)
    });
    let seen = runner.run(&pieces, |tail| {
        let text = format!("SELECT '$9', $1 AS a /* $8 */, {tail}");
        let Ok(places) = postgres_placeholders(&text) else {
            return Ok(());
        };
        let highest = places
            .iter()
            .map(|place| place.number)
            .max()
            .unwrap_or_default();
        let mut statement = Statement::new(&*text);
        for _ in 0..highest {
            statement = statement.bind("");
        }
        // As many parameters as were found, and none is missing; one less, and it is not a statement.
        if let Err(error) = batch(&database, vec![statement]) {
            let error = error.to_string();
            prop_assert!(!error.contains("parameters but got"), "{text}: {error}");
        }
        let mut fewer = Statement::new(&*text);
        for _ in 1..highest {
            fewer = fewer.bind("");
        }
        if let Ok(rows) = batch(&database, vec![fewer]) {
            prop_assert!(false, "{text}: {rows:?}");
        }
        Ok(())
    });
    seen.unwrap();
}

/// A case, which is given the address of a server.
type Case = fn(&str);

/// Migrations are applied once, by however many processes at once; of one that fails nothing is done.
fn migrates(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("db");
    std::fs::create_dir_all(&own).unwrap();
    let text = "CREATE TABLE moved (n bigint); INSERT INTO moved VALUES (1);";
    std::fs::write(own.join("0001_a.sql"), text).unwrap();
    let services = || {
        let folder = ("GURU_MIGRATIONS".into(), folder.path().into());
        Services::read([("GURU_PORT_DB".into(), url.into()), folder]).unwrap()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let select = || vec![Statement::new("SELECT sum(n)::bigint FROM moved")];
    let calls: Vec<_> = (0..8)
        .map(|_| runtime.spawn(services().postgres("db").batch(select())))
        .collect();
    for call in calls {
        let rows = runtime.block_on(call).unwrap().unwrap();
        assert_eq!(rows.first().unwrap().rows, [[1.into()]]);
    }
    for (text, why) in [
        (
            "INSERT INTO moved VALUES (2); SELECT nonsense;",
            "0002_b.sql",
        ),
        ("SELECT 1; COMMIT;", "BEGIN, COMMIT"),
    ] {
        std::fs::write(own.join("0002_b.sql"), text).unwrap();
        let error = runtime
            .block_on(services().migrate("db", None))
            .unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    std::fs::write(
        own.join("0002_b.sql"),
        "SELECT set_config('search_path', '', false); INSERT INTO public.moved VALUES (4);",
    )
    .unwrap();
    let applied = runtime.block_on(services().migrate("db", None)).unwrap();
    assert_eq!(applied, ["0002_b.sql"]);
    let rows = runtime.block_on(services().postgres("db").batch(select()));
    assert_eq!(rows.unwrap().first().unwrap().rows, [[5.into()]]);
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let is_there = std::env::var_os(PROGRAMS).is_some();
    let folder = tempfile::tempdir().unwrap();
    let server = is_there.then(|| Server::start(&programs(), folder.path()).unwrap());
    let url: Arc<str> = server.as_ref().map_or("", Server::url).into();
    let cases: [(&str, Case); 10] = [
        ("passes", passes),
        ("takes_turns", takes_turns),
        ("is_given_up", is_given_up),
        ("holds_limits", holds_limits),
        ("leaves_nothing", leaves_nothing),
        ("comes_back", |_| comes_back()),
        ("refuses", refuses),
        ("encrypts", |_| encrypts()),
        ("migrates", migrates),
        (
            "parameters_stand_where_the_server_has_them",
            parameters_stand_where_the_server_has_them,
        ),
    ];
    let trials = cases.map(|(name, case)| {
        let url = Arc::clone(&url);
        let trial = Trial::test(name, move || {
            case(&url);
            Ok(())
        });
        trial.with_ignored_flag(!is_there)
    });
    let concluded = libtest_mimic::run(&arguments, trials.into());
    drop(server);
    concluded.exit_code()
}
