//! What serves a function on this machine. Independent of any vendor.

mod manifest;
mod session;
pub mod trial;

pub use guru_toolbox::settings::{self, Settings};
pub use manifest::{Manifest, NOTE, of_path};
pub use session::Session;

/// The file beside its manifest from which a vendor's own tool reads a function's secrets.
pub const SECRETS: &str = ".dev.vars";
