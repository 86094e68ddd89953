//! The command `guru`. This library is no API: it is what the command, and those who work on Guru itself, share, and it changes
//! without notice.

pub mod args;
pub mod artefacts;
pub mod commands;
pub mod deployment;
pub mod serving;
pub mod targets;

pub(crate) use guru_toolbox::{
    cargo, child, console, files, home, interrupt, items, leash, source, stamp, steps,
    surroundings, tool, version, wait, workspace,
};
