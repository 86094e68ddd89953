//! Which settings are read, and which are refused.

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Services, SettingError> {
    Services::at_home(
        variables
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    )
}

fn file(path: &str) -> Service {
    Service::Sqlite(path.into())
}

#[test]
fn a_setting_names_a_service_or_is_refused_without_its_value() {
    for (value, path) in [
        ("sqlite:a/b.sqlite", "a/b.sqlite"),
        ("sqlite:///a/b", "/a/b"),
        ("sqlite://b", "b"),
    ] {
        let services = read(&[("GURU_PORT_LINKS", value)]).unwrap();
        assert_eq!(
            services.named,
            [("GURU_PORT_LINKS".to_owned(), file(path))],
            "{value}"
        );
    }
    for name in ["GURU_PORT_LINKS", "GURU_STORES"] {
        for value in [
            "",
            "sqlite",
            "sqlite:",
            "sqlite://",
            "dynamodb://a b",
            "secret://user:hunter2@host",
            "postgres://user:hunter2@host:port/db",
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains("`sqlite:FILE`"),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
    assert!(read(&[("GURU_TIME", "x")]).is_ok());
}

#[test]
fn what_no_setting_names_is_in_the_folder_for_it() {
    let all = |variables: &[(&str, &str)]| read(variables).unwrap().all;
    assert_eq!(all(&[]), Some(file(".guru/data.sqlite")));
    assert_eq!(all(&[("GURU_DATA", "")]), Some(file(".guru/data.sqlite")));
    assert_eq!(
        all(&[("GURU_DATA", "/d"), ("PATH", "x")]),
        Some(file("/d/data.sqlite"))
    );
    assert_eq!(all(&[("GURU_STORES", "sqlite:x")]), Some(file("x")));
}

#[cfg(feature = "function")]
#[test]
fn functions_are_named_one_by_one_or_in_a_list() {
    let lacks = |variables: &[(&str, &str)], port: &str| {
        read(variables).unwrap().function(port).missed().is_some()
    };
    let own = ("GURU_PORT_GREETER", "http://127.0.0.1:1");
    let list = ("GURU_FUNCTIONS", " greeter=http://a , other=https://b/c,");
    assert!(!lacks(&[own], "greeter") && lacks(&[own], "other"));
    assert!(!lacks(&[list], "greeter") && !lacks(&[list], "other"));
    assert!(lacks(&[list], "third") && lacks(&[], "greeter"));
    for (name, value) in [
        ("GURU_FUNCTIONS", "http://a"),
        ("GURU_FUNCTIONS", "greeter=sqlite:x"),
        ("GURU_STORES", "http://a"),
        ("GURU_BLOBS", "http://a"),
        ("GURU_POSTGRES", "http://a"),
    ] {
        let error = read(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        assert_eq!(
            error.contains("greeter=http"),
            name == "GURU_FUNCTIONS",
            "{error}"
        );
    }
}

#[test]
fn the_last_of_a_name_counts() {
    let twice = [
        ("GURU_PORT_A", "sqlite:first"),
        ("GURU_PORT_A", "sqlite:second"),
    ];
    assert_eq!(read(&twice).unwrap().named.remove(0).1, file("second"));
}

#[test]
fn a_database_is_in_the_folder_for_it_whatever_a_component_calls_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let services = Services::at_home([("GURU_DATA".into(), data.clone().into())]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let run = |name: &str| {
        let statement = guru_core::ports::Statement::new("SELECT 1");
        runtime.block_on(services.connect(name).batch(vec![statement]))
    };
    run("db").unwrap();
    assert!(data.join("databases/db.sqlite").is_file());
    let outside = folder.path().join("outside");
    for name in [
        "../../outside",
        outside.to_str().unwrap(),
        "",
        "a.b",
        "a\0b",
    ] {
        let error = run(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_store_without_a_service_fails_by_kind() {
    let store = Services::default().open("links");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let error = runtime.block_on(store.read("key")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("GURU_PORT_LINKS"), "{error}");
}
