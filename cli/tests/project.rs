//! The `guru` command in somebody's project, as a user starts it there.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may fail as tests do; clippy sees only the tests themselves as such"
)]

use std::{
    path::Path,
    process::{Command, Output},
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
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
