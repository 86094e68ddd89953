//! The services of a machine of one's own: those that its settings name, and a file of SQLite for what they say nothing of.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use crate::{Service, Setting, SettingError, Store, service_of, services};

/// The folder of what has no service of its own in the settings, unless this variable names another, and the file in it.
const DATA: (&str, &str) = ("GURU_DATA", ".guru");
const FILE: &str = "data.sqlite";

/// The services of a machine of one's own, by its variables: `GURU_PORT_LINKS` for the port `links`, and else a file in the
/// folder that `GURU_DATA` names, `.guru` of the current one.
#[derive(Clone, Debug)]
pub struct AtHome {
    settings: Vec<Setting>,
    own: Service,
}

impl AtHome {
    /// Reads the settings among these variables. Of two of a name the last counts.
    ///
    /// # Errors
    ///
    /// When a setting of a port is none.
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingError> {
        let mut folder = PathBuf::from(DATA.1);
        let mut texts = Vec::new();
        for (name, value) in variables {
            if name == DATA.0 && !value.is_empty() {
                folder = value.into();
            } else if let Ok(name) = name.into_string() {
                texts.insert(0, (name, value.to_string_lossy().into_owned()));
            }
        }
        let texts = texts.iter().map(|(name, value)| (&**name, &**value));
        Ok(Self {
            settings: services(texts)?,
            own: Service::Sqlite(folder.join(FILE)),
        })
    }

    /// The store of a port.
    #[must_use]
    pub fn open(&self, port: &str) -> Arc<dyn Store> {
        service_of(&self.settings, port, Some(&self.own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AtHome, SettingError> {
        AtHome::read(
            variables
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        )
    }

    #[test]
    fn what_no_setting_names_is_in_the_folder_for_it() {
        let own = |variables: &[(&str, &str)]| read(variables).unwrap().own;
        let file = |path: &str| Service::Sqlite(path.into());
        assert_eq!(own(&[]), file(".guru/data.sqlite"));
        assert_eq!(own(&[("GURU_DATA", "")]), file(".guru/data.sqlite"));
        assert_eq!(
            own(&[("GURU_DATA", "/d"), ("PATH", "x")]),
            file("/d/data.sqlite")
        );
    }

    #[test]
    fn the_last_setting_counts_and_a_wrong_one_is_an_error() {
        let twice = [
            ("GURU_PORT_A", "sqlite:first"),
            ("GURU_PORT_A", "sqlite:second"),
        ];
        let settings = read(&twice).unwrap().settings;
        let wanted = Setting::read("GURU_PORT_A", "sqlite:second").unwrap();
        assert_eq!(settings.into_iter().next(), wanted);
        assert!(read(&[("GURU_PORT_A", "mongodb://x")]).is_err());
    }
}
