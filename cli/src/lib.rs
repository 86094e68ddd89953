//! The `guru` command. This library is not a public API: it holds what the command shares with the tools of Guru's own workspace,
//! and changes without notice.

pub mod args;
pub mod artefacts;
pub mod commands;
pub mod deployment;
pub mod serving;
pub mod targets;

pub(crate) use guru_toolbox::{
    cargo, child, console, declared, files, home, interrupt, items, leash, source, stamp, steps,
    surroundings, tool, version, wait, workspace,
};
