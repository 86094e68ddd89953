//! What serves a function on this machine. Independent of any vendor.

mod session;

pub use guru_toolbox::{
    manifest::{Manifest, NOTE, of_path},
    settings::{self, Settings},
    trial,
};
pub use session::Session;

/// The file beside its manifest from which a vendor's own tool reads a function's secrets.
pub const SECRETS: &str = ".dev.vars";
