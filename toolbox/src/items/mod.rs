//! What is needed on this machine, each thing found or installed. Knows that a thing can be missing, not what any of them is.

pub mod npm;
pub mod python;
pub mod rust;
pub mod wasm;

use anyhow::Result;

use crate::{console::Console, home::Home};

/// Something that Guru needs on this machine.
pub trait Item: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// What it is needed for.
    fn why(&self) -> &'static str;

    /// Whether the commands fail without it.
    fn required(&self) -> bool {
        true
    }

    /// Whether what needs it does not run here without it.
    fn runs(&self) -> bool {
        true
    }

    /// Looks, and changes nothing.
    fn check(&self, home: &Home) -> Result<State>;

    /// Gets it. Half-made work must not pass the check.
    fn install(&self, home: &Home, console: Console) -> Result<()>;
}

/// What a check found.
pub enum State {
    /// It is there.
    Found {
        /// What is there.
        detail: String,
    },
    /// It is not, and this is how to get it.
    Missing {
        /// What to do.
        how: String,
    },
}
