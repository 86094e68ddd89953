//! What a function is served with on this machine. Knows no vendor, and not when a runtime is started or ended.

mod manifest;
mod session;
pub mod settings;
pub mod trial;

pub use manifest::{Manifest, NOTE, of_path};
pub use session::Session;
pub use settings::Settings;

/// Where a vendor's own tool reads a function's secrets from, beside its manifest.
pub const SECRETS: &str = ".dev.vars";
