//! Load generators: third-party tools that send many concurrent requests.

pub(super) mod oha;
pub(super) mod wrk;

use std::path::PathBuf;

/// The tools, and the load they generate.
pub(super) struct Loads {
    pub(super) wrk: PathBuf,
    pub(super) oha: PathBuf,
    /// A folder for the tools' input and output.
    pub(super) folder: PathBuf,
    pub(super) seconds: u32,
    pub(super) connections: u32,
}
