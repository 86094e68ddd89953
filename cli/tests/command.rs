//! The `guru` command as a user starts it. Knows only what its help promises.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may fail as tests do; clippy sees only the tests themselves as such"
)]

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

fn guru(arguments: &[&str], home: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_guru"))
        .args(arguments)
        .env("GURU_HOME", home)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_lists_the_commands_and_has_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &[]] {
        let output = guru(arguments, folder.path());
        let help = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0));
        for word in ["setup", "test", "Examples:", "Exit codes:", "GURU_HOME"] {
            assert!(help.contains(word), "{word} in {help}");
        }
        assert!(!help.contains('\u{1b}'));
    }
}

#[test]
fn version_is_the_packages() {
    let folder = tempfile::tempdir().unwrap();
    let output = guru(&["--version"], folder.path());
    assert_eq!(
        text(&output.stdout),
        format!("guru {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn every_command_has_help_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["setup", "test"] {
        let output = guru(&[command, "--help"], folder.path());
        assert_eq!(output.status.code(), Some(0));
        let help = text(&output.stdout);
        assert!(
            help.contains("Examples:") && help.contains("Exit codes:"),
            "{help}"
        );
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["nosuch"][..],
        &["setup", "--nosuch"],
        &["test", "--on"],
        &["--nosuch"],
    ] {
        let output = guru(arguments, folder.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn a_check_of_an_empty_home_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("not there yet");
    let output = guru(&["setup", "--check"], &home);
    let said = text(&output.stdout);
    // The Python tools can only be in the home.
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("python tools: missing"), "{said}");
    assert!(said.contains("rust: found"), "{said}");
    assert!(said.contains("guru setup"), "{said}");
    assert!(!home.exists());
}

#[test]
fn a_check_speaks_json() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let output = guru(&["setup", "--check", "--json"], &home);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["home"], home.to_str().unwrap());
    let items = report["items"].as_array().unwrap();
    let rust = items.iter().find(|item| item["name"] == "rust").unwrap();
    assert_eq!(rust["state"], "found");
    let missing = items.iter().filter(|item| item["state"] == "missing");
    assert!(missing.clone().count() > 0);
    assert!(missing.into_iter().all(|item| item["how"].is_string()));
    assert!(!home.exists());
}

#[test]
fn tests_need_a_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_guru"))
        .args(["test", "--no-setup"])
        .env("GURU_HOME", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("workspace"), "{said}");
}

/// The folder of a build that somebody else holds, and the command that wants to build there.
#[test]
fn a_build_waits_for_another_one_into_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let lock = std::fs::File::create(out.join(".guru-lock")).unwrap();
    lock.lock().unwrap();
    let mut waiting = Command::new(env!("CARGO_BIN_EXE_guru"))
        .args(["build", "meditations", "--on", "local", "--out"])
        .arg(&out)
        .env("GURU_HOME", folder.path())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let first = said.next().unwrap().unwrap();
    assert!(first.contains("another guru is building into"), "{first}");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);
    drop(lock);
    let rest: Vec<_> = said.map_while(Result::ok).collect();
    assert!(waiting.wait().unwrap().success(), "{rest:?}");
    let mut names: Vec<_> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    let program = format!("meditations{}", std::env::consts::EXE_SUFFIX);
    assert_eq!(names, [".guru-lock", &*program]);
}

#[test]
fn settings_that_are_wrong_are_named_and_not_shown() {
    let home = tempfile::tempdir().unwrap();
    for (said, code, wanted) in [
        ("1A=secret", 2, "`1A` is not a name"),
        ("=secret", 2, "is not a name"),
        (
            "GURU_NOBODY_SETS_THIS",
            1,
            "--env GURU_NOBODY_SETS_THIS=VALUE",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_guru"))
            .args(["dev", "probe", "--port", "0", "--env", said])
            .env("GURU_HOME", home.path())
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(wanted) && !said.contains("secret"), "{said}");
    }
}

#[test]
fn a_file_of_settings_that_is_wrong_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let guru = concat!(env!("CARGO_MANIFEST_DIR"), "/../guru");
    std::fs::create_dir(folder.path().join("src")).unwrap();
    write("src/lib.rs", "");
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n\
             [dependencies]\nguru = {{ path = {guru:?} }}\n[workspace]\n"
        ),
    );
    write(".env", "A=1\n\nsecret\n");
    for target in ["local", "wasi"] {
        let output = Command::new(env!("CARGO_BIN_EXE_guru"))
            .args(["dev", "--port", "0", "--on", target])
            .env("GURU_HOME", folder.path().join("home"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(".env:3 is not KEY=VALUE"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}
