//! The ports of a native process: its entropy, clock and environment.

use std::env::{self, VarError};

use guru_core::ports::{self, Ports};
use rand::Rng as _;

use crate::clock::Clock;
use crate::log::Log;

pub(crate) fn ports(log: Log) -> Ports {
    Ports::new(Random, Clock, log, Config)
}

/// The thread's cryptographic generator, seeded by the system.
struct Random;

impl ports::Random for Random {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// Environment variables.
struct Config;

impl ports::Config for Config {
    fn get(&self, key: &str) -> Result<Option<String>, ports::Error> {
        match env::var(key) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(ports::Error::new(
                ports::ErrorKind::Corrupt,
                format!("the environment variable {key} is not UTF-8"),
            )),
        }
    }
}
