//! Loads: many requests at once, by tools that others wrote. Knows not who answers them.

pub(super) mod oha;
pub(super) mod wrk;

use std::path::PathBuf;

/// The tools, and how hard they work.
pub(super) struct Loads {
    pub(super) wrk: PathBuf,
    pub(super) oha: PathBuf,
    /// For what the tools read and write.
    pub(super) folder: PathBuf,
    pub(super) seconds: u32,
    pub(super) connections: u32,
}
