//! The backend of the crate `log`.

use std::sync::OnceLock;

use ::log::{LevelFilter, Log, Metadata, Record};

use super::place;
use crate::ports::Level;

/// Hands lines to the place of their thread.
struct Lines;

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        level(metadata.level()).is_some_and(place::takes)
    }

    fn log(&self, record: &Record<'_>) {
        if let Some(level) = level(record.level()) {
            let target = record.target();
            place::write(level, record.args(), crate::fields! { target });
        }
    }

    fn flush(&self) {}
}

/// Has lines of this level arrive; which of them are taken, the place says. Once is enough, but a second app of the program may want
/// more than the first.
pub(super) fn install(least: Level) {
    static IS_OURS: OnceLock<bool> = OnceLock::new();
    let is_ours = *IS_OURS.get_or_init(|| ::log::set_logger(&Lines).is_ok());
    let most = match least {
        Level::Debug => LevelFilter::Debug,
        Level::Info => LevelFilter::Info,
        Level::Warn => LevelFilter::Warn,
        Level::Error => LevelFilter::Error,
    };
    if is_ours && ::log::max_level() < most {
        ::log::set_max_level(most);
    }
}

const fn level(level: ::log::Level) -> Option<Level> {
    match level {
        ::log::Level::Error => Some(Level::Error),
        ::log::Level::Warn => Some(Level::Warn),
        ::log::Level::Info => Some(Level::Info),
        ::log::Level::Debug => Some(Level::Debug),
        ::log::Level::Trace => None,
    }
}
