//! The prerequisites on this machine, each of which can be found or installed.

pub mod npm;
pub mod python;
pub mod rust;
pub mod wasm;

use anyhow::Result;

use crate::{console::Console, home::Home};

/// A prerequisite on this machine.
pub trait Item: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// What it is needed for.
    fn why(&self) -> &'static str;

    /// Whether commands fail without it.
    fn required(&self) -> bool {
        true
    }

    /// Whether what depends on it cannot run here without it.
    fn runs(&self) -> bool {
        true
    }

    /// Looks for it, without changing anything.
    fn check(&self, home: &Home) -> Result<State>;

    /// Installs it. A partial installation must not pass the check.
    fn install(&self, home: &Home, console: Console) -> Result<()>;
}

/// The result of a check.
pub enum State {
    /// It is installed.
    Found {
        /// What was found.
        detail: String,
    },
    /// It is missing.
    Missing {
        /// How to get it.
        how: String,
    },
}
