//! Precedence of the sources of profile and region.

use super::*;

const FILE: &str =
    "[default]\nregion = of-default\n[profile \"my name\"]\nregion = of-mine\n[profile bare]\n";

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The options that SAM gets.
fn options(passed: &[&str], aws: &Aws, variables: &[(&str, &str)], settings: &str) -> Vec<String> {
    account(passed, aws, variables, settings).options()
}

fn account(passed: &[&str], aws: &Aws, variables: &[(&str, &str)], settings: &str) -> Account {
    let passed = SamArguments::read(&words(passed)).unwrap();
    let of = |name: &str| {
        let mut all = variables.iter();
        let (_, value) = all.find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    };
    let settings = Settings {
        file: "samconfig.toml".into(),
        document: settings.parse().unwrap(),
        environment: passed.setting("--config-env").unwrap_or("default").into(),
    };
    let files = Files {
        profiles: config::profiles(FILE, Kind::Config),
    };
    Account::choose(&passed, aws, &of, Some(&settings), &files)
}

#[test]
fn a_profile_brings_its_own_region() {
    let none = Aws::default();
    for passed in [
        &["--profile", "my name"][..],
        &["--profile=my name"],
        &["--debug", "--profile", "my name"],
    ] {
        let want = ["--profile", "my name", "--region", "of-mine"];
        assert_eq!(options(passed, &none, &[], ""), want, "{passed:?}");
    }
    let variables = [("AWS_PROFILE", "my name")];
    assert_eq!(
        options(&[], &none, &variables, ""),
        ["--profile", "my name", "--region", "of-mine"]
    );
    assert_eq!(options(&[], &none, &[], ""), ["--region", "of-default"]);
}

#[test]
fn what_is_said_nearest_counts() {
    let passed = ["--profile", "p1", "--region=r1"];
    let aws = Aws {
        profile: Some("p2".into()),
        region: Some("r2".into()),
        ..Aws::default()
    };
    let variables = [
        ("AWS_PROFILE", "p3"),
        ("AWS_DEFAULT_PROFILE", "p4"),
        ("AWS_REGION", "r3"),
        ("AWS_DEFAULT_REGION", "r4"),
    ];
    let settings = "[default.deploy.parameters]\nprofile = 'p5'\nregion = 'r5'\n\
                    [default.global.parameters]\nprofile = 'p6'\nregion = 'r6'\n\
                    [other.deploy.parameters]\nprofile = 'my name'\n";
    let none = Aws::default();
    let is = |passed: &[&str], aws: &Aws, variables: &[(&str, &str)], settings, want: [&str; 2]| {
        let want = ["--profile", want[0], "--region", want[1]];
        assert_eq!(options(passed, aws, variables, settings), want);
    };
    is(&passed, &aws, &variables, settings, ["p1", "r1"]);
    is(&[], &aws, &variables, settings, ["p2", "r2"]);
    is(&[], &none, &variables, settings, ["p3", "r3"]);
    is(
        &[],
        &none,
        &[variables[1], variables[3]],
        settings,
        ["p4", "r4"],
    );
    is(&[], &none, &[], settings, ["p5", "r5"]);
    is(
        &["--config-env", "other"],
        &none,
        &[],
        settings,
        ["my name", "of-mine"],
    );
    let global = "[default.global.parameters]\nprofile = 'my name'\n";
    is(&[], &none, &[], global, ["my name", "of-mine"]);
    is(&passed[..2], &none, &variables, settings, ["p1", "r3"]);
}

#[test]
fn a_key_of_the_environment_stays_the_login() {
    let variables = [("AWS_ACCESS_KEY_ID", "x"), ("AWS_PROFILE", "my name")];
    let none = Aws::default();
    assert_eq!(options(&[], &none, &variables, ""), ["--region", "of-mine"]);
    // An explicit profile takes precedence over it.
    assert_eq!(
        options(&["--profile", "my name"], &none, &variables, ""),
        ["--profile", "my name", "--region", "of-mine"]
    );
}

#[test]
fn what_is_missing_is_said_with_what_there_is() {
    let none = Aws::default();
    let bare = account(&["--profile", "bare"], &none, &[], "");
    let error = bare.region().unwrap_err().to_string();
    assert!(error.contains("the profile bare has none"), "{error}");
    bare.check().unwrap();
    let unknown = account(&["--profile", "nobody"], &none, &[], "");
    let error = unknown.check().unwrap_err().to_string();
    assert!(
        error.contains("nobody (after --): they have bare, default, my name"),
        "{error}"
    );
}

#[test]
fn profile_and_region_are_told_with_where_they_are_said() {
    let none = Aws::default();
    let told = account(&["--profile", "my name"], &none, &[("AWS_REGION", "r")], "").to_string();
    assert_eq!(told, "profile my name (after --), region r (AWS_REGION)");
    let told = account(&[], &none, &[], "").to_string();
    assert_eq!(
        told,
        "no profile is named, region of-default (of the profile default)"
    );
}

#[test]
fn what_is_passed_on_is_taken_apart() {
    let passed = SamArguments::read(&words(&[
        "--stack-name=other",
        "--tags",
        "a=b",
        "--config-env",
        "x",
        "--config-file=y.toml",
        "--no-rollback",
    ]))
    .unwrap();
    assert_eq!(passed.stack.as_deref(), Some("other"));
    assert_eq!(passed.rest, ["--tags", "a=b", "--no-rollback"]);
    let settings: Vec<_> = passed.settings().collect();
    assert_eq!(settings, ["--config-env", "x", "--config-file", "y.toml"]);
    for bad in [
        &["--profile"][..],
        &["--profile="],
        &["--region", ""],
        &["--debug", "--region"],
    ] {
        let error = SamArguments::read(&words(bad)).unwrap_err().to_string();
        assert!(error.contains("needs a value"), "{bad:?}: {error}");
    }
}
