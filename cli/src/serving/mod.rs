//! What serves a function on this machine. Independent of any vendor.

mod manifest;
mod session;
pub mod settings;
pub mod trial;

pub use manifest::{Manifest, NOTE, of_path};
pub use session::Session;
pub use settings::Settings;

/// The file beside its manifest from which a vendor's own tool reads a function's secrets.
pub const SECRETS: &str = ".dev.vars";
