//! What Guru's commands share: programs that they start, files that they write, what a person sees of it, cargo and its
//! workspaces. It knows no command and no vendor. It is no API, and changes without notice.

pub mod apt;
pub mod cargo;
pub mod child;
pub mod console;
pub mod files;
pub mod home;
pub mod interrupt;
pub mod items;
pub mod leash;
pub mod source;
pub mod stamp;
pub mod steps;
pub mod surroundings;
pub mod tool;
pub mod version;
pub mod wait;
pub mod workspace;
