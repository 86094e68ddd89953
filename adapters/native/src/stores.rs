//! The ports of key-value stores: services that the environment names, or a file of SQLite below the current folder.

use std::env;
use std::rc::Rc;
use std::sync::LazyLock;

use guru_core::ports;
use guru_services::{Local, Services, SettingError};

/// The services of this process, once its settings were read.
static SERVICES: LazyLock<Result<Services, SettingError>> =
    LazyLock::new(|| Services::at_home(env::vars_os()));

/// The key-value store of this name.
#[doc(hidden)]
#[must_use]
pub fn key_value(name: &'static str) -> Rc<dyn ports::KeyValue> {
    Rc::new(open(name))
}

/// The atomic key-value store of this name.
#[doc(hidden)]
#[must_use]
pub fn atomic(name: &'static str) -> Rc<dyn ports::Atomic> {
    Rc::new(open(name))
}

fn open(name: &str) -> Local {
    match &*SERVICES {
        Ok(services) => Local::new(services.open(name)),
        Err(error) => Local::missing(ports::Error::new(
            ports::ErrorKind::Unavailable,
            error.to_string(),
        )),
    }
}

/// Whether the settings of ports in the environment can be followed.
pub(crate) fn check() -> Result<(), SettingError> {
    SERVICES.as_ref().map(drop).map_err(Clone::clone)
}
