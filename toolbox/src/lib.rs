//! What Guru's commands share: child processes, files, console output, cargo and its workspaces. Independent of any command or
//! vendor. This is not a public API, and changes without notice.

pub mod apt;
pub mod around;
pub mod artefact;
pub mod cargo;
pub mod child;
pub mod compose;
pub mod console;
pub mod data;
pub mod declared;
pub mod files;
pub mod home;
pub mod interrupt;
pub mod items;
pub mod leash;
pub mod manifest;
pub mod migrations;
pub mod name;
pub mod output;
pub mod parts;
pub mod port;
pub mod postgres;
pub mod served;
pub mod settings;
pub mod source;
pub mod stamp;
pub mod steps;
pub mod surroundings;
pub mod tables;
pub mod tool;
pub mod trial;
pub mod version;
pub mod wait;
pub mod watch;
pub mod workerd;
pub mod workspace;
