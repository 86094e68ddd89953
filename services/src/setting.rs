//! Which service a store is kept by: a URL in the deployment's settings.

use std::fmt;
use std::sync::Arc;

use guru_core::ports::{Error, ErrorKind};

use crate::Store;
use crate::local::Missing;

/// What the names of these settings begin with; the name of the port follows, in capitals.
pub const SETTINGS: &str = "GURU_PORT_";

/// A service, as a setting names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// `sqlite:FILE`, a file of SQLite, which is made where there is none.
    #[cfg(feature = "sqlite")]
    Sqlite(std::path::PathBuf),
    /// `dynamodb://TABLE`, a table of DynamoDB.
    #[cfg(feature = "dynamodb")]
    DynamoDb(crate::Table),
}

/// A setting of a port: `GURU_PORT_LINKS=sqlite:data/links.sqlite`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    name: String,
    service: Service,
}

/// A setting that no service can be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    name: String,
}

impl fmt::Display for SettingError {
    /// Not its value, in which a password may be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = [
            #[cfg(feature = "sqlite")]
            "`sqlite:FILE`",
            #[cfg(feature = "dynamodb")]
            "`dynamodb://TABLE`, with `?region=` where it is not that of AWS_REGION",
        ];
        let expected = expected.join(" or ");
        write!(
            f,
            "{} says which service a port is kept by, and is none that there is here: it is {expected}",
            self.name
        )
    }
}

impl std::error::Error for SettingError {}

impl Setting {
    /// Reads a variable, where it is the setting of a port.
    ///
    /// # Errors
    ///
    /// When its value is none.
    pub fn read(name: &str, value: &str) -> Result<Option<Self>, SettingError> {
        if !name.starts_with(SETTINGS) {
            return Ok(None);
        }
        let name = name.to_owned();
        match service(value) {
            Some(service) => Ok(Some(Self { name, service })),
            None => Err(SettingError { name }),
        }
    }
}

fn service(value: &str) -> Option<Service> {
    let (scheme, place) = value.split_once(':')?;
    let place = place.strip_prefix("//").unwrap_or(place);
    match scheme {
        #[cfg(feature = "sqlite")]
        "sqlite" if !place.is_empty() => Some(Service::Sqlite(place.into())),
        #[cfg(feature = "dynamodb")]
        "dynamodb" => crate::Table::read(place).map(Service::DynamoDb),
        _ => None,
    }
}

/// The settings of ports among variables.
///
/// # Errors
///
/// When one of them is none.
pub fn services<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Setting>, SettingError> {
    let mut settings = Vec::new();
    for (name, value) in variables {
        settings.extend(Setting::read(name, value)?);
    }
    Ok(settings)
}

/// The store of a port by the settings that there are, or by a service of the target's own where they say nothing of it.
#[must_use]
pub fn service_of(settings: &[Setting], port: &str, own: Option<&Service>) -> Arc<dyn Store> {
    let wanted = format!("{SETTINGS}{}", port.to_uppercase());
    let set = settings.iter().find(|setting| setting.name == wanted);
    match set.map(|setting| &setting.service).or(own) {
        #[cfg(feature = "sqlite")]
        Some(Service::Sqlite(path)) => Arc::new(crate::Sqlite::open(path, port)),
        #[cfg(feature = "dynamodb")]
        Some(Service::DynamoDb(table)) => Arc::new(crate::DynamoDb::open(table, port)),
        None => Arc::new(Missing(Error::new(
            ErrorKind::Unavailable,
            format!("there is no service for the port `{port}`: {wanted} names one"),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_a_service_or_is_refused_without_its_value() {
        let read = |value: &str| Setting::read("GURU_PORT_LINKS", value);
        for (value, path) in [
            ("sqlite:a/b.sqlite", "a/b.sqlite"),
            ("sqlite:///a/b", "/a/b"),
            ("sqlite://b", "b"),
        ] {
            let service = Service::Sqlite(path.into());
            assert_eq!(read(value).unwrap().unwrap().service, service, "{value}");
        }
        for value in [
            "",
            "sqlite",
            "sqlite:",
            "sqlite://",
            "secret://user:hunter2@host",
        ] {
            let error = read(value).unwrap_err().to_string();
            assert!(
                error.contains("GURU_PORT_LINKS") && error.contains("`sqlite:FILE`"),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert_eq!(Setting::read("GURU_TIME", "x"), Ok(None));
    }
}
