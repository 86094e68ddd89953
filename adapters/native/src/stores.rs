//! The ports of key-value stores: services that the environment names, or a file of SQLite below the current folder.

use std::env;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use guru_core::ports;
use guru_services::{Local, Service, Setting, SettingError, Store, service_of, services};

/// The folder of what has no service of its own in the settings, unless the variable names another, and the file in it.
const DATA: (&str, &str) = ("GURU_DATA", ".guru");
const FILE: &str = "data.sqlite";

/// The key-value store of this name.
#[doc(hidden)]
#[must_use]
pub fn key_value(name: &'static str) -> Rc<dyn ports::KeyValue> {
    Rc::new(Local::new(open(name)))
}

/// The atomic key-value store of this name.
#[doc(hidden)]
#[must_use]
pub fn atomic(name: &'static str) -> Rc<dyn ports::Atomic> {
    Rc::new(Local::new(open(name)))
}

fn open(name: &str) -> Arc<dyn Store> {
    // They were good when the server began.
    let settings = settings().unwrap_or_default();
    let folder = env::var_os(DATA.0).filter(|folder| !folder.is_empty());
    let folder = folder.map_or_else(|| DATA.1.into(), PathBuf::from);
    service_of(&settings, name, Some(&Service::Sqlite(folder.join(FILE))))
}

/// The settings of ports in the environment.
pub(crate) fn settings() -> Result<Vec<Setting>, SettingError> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.into_string().ok()?;
        Some((name, value.to_string_lossy().into_owned()))
    };
    let variables: Vec<_> = env::vars_os().filter_map(text).collect();
    services(variables.iter().map(|(name, value)| (&**name, &**value)))
}
