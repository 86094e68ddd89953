//! Ports: everything that reaches a handler from outside its request. There is one trait per file.
//!
//! Ports must not depend on a vendor, or on each other. A target implements them; `memory` has the reference
//! implementations. A handler that reaches the world only through ports can be recorded on one cloud and replayed on
//! another.

mod clock;
mod config;
mod error;
pub mod hosts;
mod line;
mod log;
mod random;
mod timestamp;

use alloc::rc::Rc;
use core::fmt;

pub use clock::Clock;
pub use config::Config;
pub use error::{Error, ErrorKind};
pub use line::LogLine;
pub use log::{Field, Float, Level, Log, Logger, Record, Value};
pub use random::Random;
pub use timestamp::Timestamp;

/// The ports that a target passes to a function.
#[derive(Clone)]
#[non_exhaustive]
pub struct Ports {
    /// Random bytes.
    pub random: Rc<dyn Random>,
    /// The clock.
    pub clock: Rc<dyn Clock>,
    /// The destination of log records.
    pub log: Rc<dyn Log>,
    /// Settings.
    pub config: Rc<dyn Config>,
}

impl Ports {
    /// Creates a set of the ports that every target has. A port added later will have a default that returns
    /// [`ErrorKind::Unavailable`], and a method here that sets it.
    pub fn new(
        random: impl Random + 'static,
        clock: impl Clock + 'static,
        log: impl Log + 'static,
        config: impl Config + 'static,
    ) -> Self {
        Self {
            random: Rc::new(random),
            clock: Rc::new(clock),
            log: Rc::new(log),
            config: Rc::new(config),
        }
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}
