//! Ports: everything that reaches a handler from outside its request. There is one trait per file.
//!
//! Ports must not depend on a vendor, or on each other. A target implements them; `memory` has the reference
//! implementations. A handler that reaches the world only through ports can be recorded on one cloud and replayed on
//! another.

mod clock;
mod config;
mod error;
mod fetch;
pub mod hosts;
mod line;
mod log;
mod random;
mod timestamp;

use alloc::rc::Rc;
use core::cell::OnceCell;
use core::fmt;

pub use clock::Clock;
pub use config::Config;
pub use error::{Error, ErrorKind};
pub use fetch::{Fetch, FetchRequest, TIMEOUT};
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
    /// Outbound HTTP, once a function has used it.
    fetch: OnceCell<Rc<dyn Fetch>>,
}

impl Ports {
    /// Creates a set of the ports that every function has. Others are made when a function first uses them, as by
    /// [`fetch_or`](Self::fetch_or): one that does not has none of their code.
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
            fetch: OnceCell::new(),
        }
    }

    /// Sets the port of outbound HTTP, as a test does.
    #[must_use]
    pub fn with_fetch(mut self, fetch: impl Fetch + 'static) -> Self {
        self.fetch = OnceCell::from(Rc::new(fetch) as Rc<dyn Fetch>);
        self
    }

    /// The port of outbound HTTP; where there is none yet, `make` makes it. Only a function that fetches calls this, with the
    /// port of the target that it is built for.
    pub fn fetch_or(&self, make: impl FnOnce() -> Rc<dyn Fetch>) -> &Rc<dyn Fetch> {
        self.fetch.get_or_init(make)
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}
