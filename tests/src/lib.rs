//! The conformance suite: proves over the wire that a function behaves the same on every target.
//!
//! Vectors (data) define what is sent and what must come back; a driver starts each real runtime; the wire sends and receives raw
//! bytes; the check reports every mismatch; the report shows the matrix. The suite must not depend on any target's code, and no
//! vector may depend on a vendor.

pub mod bytes;
pub mod check;
pub mod driver;
mod origin;
pub mod play;
mod portability;
pub mod report;
mod runner;
mod runtimes;
pub mod skips;
pub mod vector;
pub mod wire;

pub use driver::{DriverConfig, Project};
pub use libtest_mimic::Arguments;
pub use runner::{Options, Run, run};
