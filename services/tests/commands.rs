//! What the commands know of ports without them is what the ports say.

use guru_core::ports::{CONTENT_TYPE_LIMIT, KEY_LIMIT, VALUE_LIMIT, function_name};
use guru_services::{MIGRATIONS, is_setting, migrations};
use guru_toolbox::{
    data::archive::LIMITS,
    declared::Port,
    migrations::{FOLDER, Migrations},
    settings::{self, is_hosts},
};

#[test]
fn what_is_imported_has_the_limits_of_ports() {
    assert_eq!(LIMITS, (KEY_LIMIT, VALUE_LIMIT, CONTENT_TYPE_LIMIT));
}

#[test]
fn what_is_the_host_s_is_not_the_function_s() {
    for name in [
        "GURU_PORT_A",
        "GURU_STORES",
        "GURU_BLOBS",
        "GURU_DATA",
        "GURU_POSTGRES",
        "GURU_FUNCTIONS",
        "GURU_MIGRATIONS",
        "GURU_LOG",
        "API_TOKEN",
    ] {
        assert_eq!(is_hosts(name), is_setting(name), "{name}");
    }
    assert!(is_hosts("GURU_MIGRATIONS") && !is_hosts("GURU_LOG"));
}

#[test]
fn a_migration_is_one_to_both() {
    assert_eq!((settings::MIGRATIONS, FOLDER), MIGRATIONS);
    for (files, is_one) in [
        (&[("1_a.sql", "SELECT 1;")][..], true),
        (&[("0001_a.sql", "-- no\n"), (".2_b.sql", "x")], true),
        (
            &[
                ("1_a.sql", "SELECT 1; -- done"),
                ("2_a.sql", "SELECT 2;\n\n"),
            ],
            true,
        ),
        (&[("1_a.sql", "SELECT 1")], false),
        (&[("1_a.sql", "BEGIN; SELECT 1; COMMIT;")], false),
        (&[("a.sql", "SELECT 1;")], false),
        (&[("+1_a.sql", "SELECT 1;")], false),
        (&[("1_.sql", "SELECT 1;")], false),
        (
            &[("1_a.sql", "SELECT 1;"), ("01_b.sql", "SELECT 1;")],
            false,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("db");
        std::fs::create_dir_all(&own).unwrap();
        for (name, text) in files {
            std::fs::write(own.join(name), text).unwrap();
        }
        let (one, other) = (migrations(&own), Migrations::read(folder.path()));
        assert_eq!(
            (one.is_ok(), other.is_ok()),
            (is_one, is_one),
            "{files:?}: {one:?} {other:?}"
        );
    }
}

#[test]
fn a_function_has_one_name() {
    for name in ["greeter", "Image_Sizes2", "r#match", "_a__b"] {
        let port = Port::Invoke { name: name.into() };
        assert_eq!(port.function(), Some(function_name(name)));
    }
}
