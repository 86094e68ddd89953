//! The subcommands, each of which ends well or says what is wrong. None knows how a vendor does what it is asked.

pub mod build;
pub mod checks;
pub mod conform;
pub mod deploy;
pub mod dev;
pub mod doctor;
pub mod manual;
pub mod new;
pub mod setup;
