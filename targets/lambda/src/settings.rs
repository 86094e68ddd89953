//! The function's settings: the part of the process's environment that the function receives.
//!
//! The rest stays with the host: Lambda's own variables, those of its extensions and layers, and whatever a function
//! of another runtime had in the same template.

use std::ffi::OsString;

use crate::error::Error;

/// The variable that names the function's variables.
pub(crate) const NAMES: &str = "GURU_SETTINGS";

/// The variable that names the function's secrets.
pub(crate) const SECRETS: &str = "GURU_SECRETS";

/// Variables with this prefix are the function's without being named.
const OURS: &str = "GURU_";

/// Set by the host for the function, whatever the environment contains.
const OF_HOST: [&str; 2] = ["GURU_CLIENT_ADDRESS_HEADER", "GURU_REQUEST_ID_HEADER"];

/// Whoever has one of these can act as the function's role
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html>).
const CREDENTIALS: [&str; 8] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
];

/// The variables that are named in `names`, separated by commas and white space, and those that begin with `GURU_`. A
/// variable that is named need not be set: settings may be optional.
pub(crate) fn of(
    variables: impl Iterator<Item = (OsString, OsString)>,
    names: Option<&str>,
) -> Result<Vec<(String, String)>, Error> {
    let names = listed(NAMES, names)?;
    let is_wanted = |name: &str| name.starts_with(OURS) || names.contains(&name);
    wanted(variables, |name| {
        is_wanted(name) && !OF_HOST.contains(&name)
    })
}

/// The variables that are named in `names`, which are the function's secrets.
pub(crate) fn secrets(
    variables: impl Iterator<Item = (OsString, OsString)>,
    names: Option<&str>,
) -> Result<Vec<(String, String)>, Error> {
    let names = listed(SECRETS, names)?;
    wanted(variables, |name| names.contains(&name))
}

/// The names of a list, none of which may be a credential of the function's role.
fn listed<'a>(list: &str, names: Option<&'a str>) -> Result<Vec<&'a str>, Error> {
    let names = names.unwrap_or_default();
    let names = names.split(|c: char| c == ',' || c.is_whitespace());
    let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    for name in &names {
        if CREDENTIALS.contains(name) {
            return Err(Error::setting(format!(
                "{list} names {name}, with which the function could do all that its role may do: it is never given to \
                 a function; take the name out"
            )));
        }
        if let Some((name, _)) = name.split_once('=') {
            return Err(Error::setting(format!(
                "{list} has a value for {name}: it holds names only, separated by commas or spaces; the value belongs \
                 into a variable of that name"
            )));
        }
    }
    Ok(names)
}

fn wanted(
    variables: impl Iterator<Item = (OsString, OsString)>,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(String, String)>, Error> {
    let mut settings = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| is_wanted(name)) else {
            continue;
        };
        let Ok(value) = value.into_string() else {
            return Err(Error::setting(format!(
                "the value of {name} is not UTF-8, and a function's settings are text"
            )));
        };
        settings.push((name.to_owned(), value));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLES: [(&str, &str); 12] = [
        ("_X_AMZN_TRACE_ID", "Root=1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "hello"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "secret"),
        ("DATABASE_URL", "postgres://"),
        ("GREETING", "Hello, world = 1"),
        ("GURU_CLIENT_ADDRESS_HEADER", "x-forwarded-for"),
        ("GURU_PROBE_SETTING", "grüß = 1, 2"),
        ("LD_PRELOAD", "/opt/extension.so"),
        ("MYGURU_NAME", "no"),
        ("PATH", "/usr/bin"),
    ];

    fn given(names: Option<&str>) -> Result<Vec<String>, Error> {
        let variables = VARIABLES.map(|(name, value)| (name.into(), value.into()));
        let settings = of(variables.into_iter(), names)?;
        for setting in &settings {
            assert!(VARIABLES.contains(&(&setting.0, &setting.1)), "{setting:?}");
        }
        Ok(settings.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn a_secret_is_named_and_no_credential() {
        let variables = || {
            let all = [
                ("API_TOKEN", "t0ken"),
                ("GURU_X", "1"),
                ("AWS_SESSION_TOKEN", "t"),
            ];
            all.into_iter()
                .map(|(name, value)| (name.into(), value.into()))
        };
        let found = secrets(variables(), Some("API_TOKEN, NOT_SET")).unwrap();
        assert_eq!(found, [("API_TOKEN".to_owned(), "t0ken".to_owned())]);
        assert!(secrets(variables(), None).unwrap().is_empty());
        for names in ["AWS_SESSION_TOKEN", "API_TOKEN=t0ken"] {
            let error = secrets(variables(), Some(names)).unwrap_err().to_string();
            assert!(
                error.contains(SECRETS) && !error.contains("t0ken"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_function_is_given_what_was_named() {
        let ours = "GURU_PROBE_SETTING";
        let cases: [(Option<&str>, &[&str]); 8] = [
            (None, &[ours]),
            (Some(""), &[ours]),
            (Some(" , ,\n"), &[ours]),
            (Some("GREETING"), &["GREETING", ours]),
            (
                Some("DATABASE_URL,GREETING"),
                &["DATABASE_URL", "GREETING", ours],
            ),
            (
                Some("GREETING\n\tDATABASE_URL , NOT_SET"),
                &["DATABASE_URL", "GREETING", ours],
            ),
            (Some("greeting GREET *"), &[ours]),
            (
                Some("AWS_REGION GURU_CLIENT_ADDRESS_HEADER"),
                &["AWS_REGION", ours],
            ),
        ];
        for (names, wanted) in cases {
            assert_eq!(given(names).unwrap(), wanted, "{names:?}");
        }
    }

    #[test]
    fn credentials_are_never_given() {
        for name in CREDENTIALS {
            let error = given(Some(&format!("GREETING, {name}"))).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Setting);
            assert!(error.to_string().contains(name), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_value_among_the_names_is_not_shown() {
        let error = given(Some("TOKEN=hunter2")).unwrap_err().to_string();
        assert!(
            error.contains("TOKEN") && !error.contains("hunter2"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_setting_is_text() {
        use std::os::unix::ffi::OsStringExt as _;

        let bytes = || OsString::from_vec(vec![0xff]);
        let error = of([("GURU_X".into(), bytes())].into_iter(), None).unwrap_err();
        assert!(error.to_string().contains("GURU_X"), "{error}");
        let others = [("LANG".into(), bytes()), (bytes(), "1".into())];
        assert!(of(others.into_iter(), None).unwrap().is_empty());
    }
}
