//! The subcommands. Vendor-specific work is left to the targets.

pub mod build;
pub mod checks;
pub mod conform;
pub mod data;
pub mod deploy;
pub mod dev;
pub mod doctor;
pub mod manual;
pub mod new;
pub mod setup;
