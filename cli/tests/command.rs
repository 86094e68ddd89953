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

/// The sources that functions of these tests are made with.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Starts `guru` in a folder, as somebody whose home that is: no settings of whoever runs the tests count.
fn guru_in(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guru"));
    for name in [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ACCESS_KEY_ID",
        "GURU_EMAIL",
        "GURU_SOURCE",
    ] {
        command.env_remove(name);
    }
    // Cargo and rustup are found by the home of whoever runs the tests.
    let own = std::env::home_dir().unwrap();
    for (name, below) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if std::env::var_os(name).is_none() {
            command.env(name, own.join(below));
        }
    }
    command
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env("GURU_HOME", folder.join("guru-home"))
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// A function in a folder of its own, below one of a name that no shell takes as it is.
fn made(folder: &Path) -> std::path::PathBuf {
    let output = guru_in(folder, &["new", "my dir's/hello", "--guru", SOURCE], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let line = said.lines().find(|line| line.contains("guru dev")).unwrap();
    let enter = line.trim().replace("guru dev", "pwd");
    let mut shell = Command::new("sh");
    let entered = shell.args(["-c", &enter]).current_dir(folder).output();
    let hello = folder.join("my dir's/hello");
    let place = text(&entered.unwrap().stdout);
    assert_eq!(
        Path::new(place.trim()).canonicalize().unwrap(),
        hello.canonicalize().unwrap()
    );
    hello
}

#[cfg(unix)]
#[test]
fn every_call_of_aws_has_one_profile_and_one_region() {
    let folder = tempfile::tempdir().unwrap();
    let hello = made(folder.path());
    let config = folder.path().join("config");
    std::fs::write(
        &config,
        "[default]\nregion = us-east-1\n[profile \"my name\"]\nregion = eu-west-3\n",
    )
    .unwrap();
    let variables = [
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        // It is shown, not run.
        ("SAM_BIN", "/usr/bin/sam"),
    ];
    let delete = [
        "deploy",
        "--on",
        "aws",
        "--stage",
        "dev",
        "--delete",
        "--dry-run",
    ];
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
    let cases: [Case<'_>; 5] = [
        (
            &["--", "--profile", "my name"],
            &[],
            "--profile 'my name' --region eu-west-3",
        ),
        (
            &["--", "--profile=my name"],
            &[],
            "--profile 'my name' --region eu-west-3",
        ),
        (
            &["--profile", "my name"],
            &[],
            "--profile 'my name' --region eu-west-3",
        ),
        (
            &[],
            &[("AWS_PROFILE", "my name")],
            "--profile 'my name' --region eu-west-3",
        ),
        (&[], &[], "--region us-east-1"),
    ];
    for (more, set, want) in cases {
        let output = guru_in(
            &hello,
            &[&delete[..], more].concat(),
            &[&variables[..], set].concat(),
        );
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let command = format!("$ /usr/bin/sam delete --no-prompts --stack-name hello-dev {want}\n");
        assert!(said.contains(&command), "{said}");
        assert!(said.starts_with("AWS: "), "{said}");
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

#[test]
fn all_that_a_deployment_lacks_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let hello = made(folder.path());
    std::fs::remove_file(hello.join("template.yaml")).unwrap();
    for dry in [&["--dry-run"][..], &[]] {
        let words = [
            &["deploy", "--on", "aws"][..],
            dry,
            &["--", "--profile", "nobody"],
        ]
        .concat();
        let output = guru_in(&hello, &words, &[("SAM_BIN", "/usr/bin/sam")]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for word in ["no template.yaml", "nobody", "which region", "--email"] {
            assert!(said.contains(word), "{word} in {said}");
        }
    }
}

#[test]
fn outside_of_a_project_the_way_in_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        &["dev"][..],
        &["build"],
        &["test"],
        &["deploy", "--on", "spin"],
        &["conform"],
    ] {
        let output = guru_in(folder.path(), command, &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        // Somebody's stray manifest above the temporary folder is another case.
        if said.contains("no Cargo.toml") {
            assert!(said.contains("`guru new NAME`"), "{said}");
        }
        assert!(!said.contains("Guru workspace"), "{said}");
    }
}

#[test]
fn a_doctor_judges_only_what_was_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let none = [
        ("WRANGLER_BIN", ""),
        ("LAMBDA_RIE_BIN", ""),
        ("SPIN_BIN", ""),
    ];
    let output = guru_in(folder.path(), &["doctor"], &none);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("cloudflare") && said.contains("does not run here"),
        "{said}"
    );
    let output = guru_in(folder.path(), &["doctor", "--on", "cloudflare"], &none);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("wrangler") && said.contains("guru setup --on cloudflare"),
        "{said}"
    );
    for other in ["spin", "SAM", "python tools", "emulator"] {
        assert!(!said.contains(other), "{other} in {said}");
    }
    let output = guru_in(folder.path(), &["doctor", "--on", "local", "--json"], &none);
    assert_eq!(output.status.code(), Some(0));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["targets"].as_array().unwrap().len(), 1);
}

#[test]
fn setup_of_a_target_is_about_that_target() {
    let folder = tempfile::tempdir().unwrap();
    let output = guru_in(folder.path(), &["setup", "--check", "--on", "local"], &[]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("rust: found") && !said.contains("python"),
        "{said}"
    );
    // It has what it needs, and writes nothing but its lock.
    let output = guru_in(folder.path(), &["setup", "--on", "local"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let left = std::fs::read_dir(folder.path().join("guru-home")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
}

#[test]
fn a_port_that_is_taken_is_said_before_anything_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let hello = made(folder.path());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for on in ["local", "wasi", "lambda", "cloudflare", "spin"] {
        let output = guru_in(&hello, &["dev", "--on", on, "--port", &port], &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{on}: {said}");
        assert!(
            said.contains(&format!("port {port} is taken")),
            "{on}: {said}"
        );
        assert!(
            said.contains("choose another port with --port "),
            "{on}: {said}"
        );
        assert!(
            !hello.join("target").exists() && !hello.join("dist").exists(),
            "{on}"
        );
    }
}
