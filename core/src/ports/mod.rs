//! Ports: everything that reaches a handler from outside its request. One trait a file.
//!
//! They must not know a vendor, nor each other. A target implements them; `memory` holds the
//! reference implementations. A handler that touches the world only through them can be recorded on
//! one cloud and replayed on another.

mod clock;
mod config;
mod error;
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

/// The ports that a target gives to a function.
#[derive(Clone)]
#[non_exhaustive]
pub struct Ports {
    /// Random bytes.
    pub random: Rc<dyn Random>,
    /// The time.
    pub clock: Rc<dyn Clock>,
    /// Where log records go.
    pub log: Rc<dyn Log>,
    /// Settings.
    pub config: Rc<dyn Config>,
}

impl Ports {
    /// The ports that every target has. Those to come will each have a default that answers
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
