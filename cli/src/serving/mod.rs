//! What serves a function on this machine. Independent of any vendor.

mod session;

pub use conformance::driver::{address, with_hosts};
pub use guru_toolbox::{
    manifest::{Manifest, NOTE, of_path},
    settings::{self, SECRETS, Settings},
    trial,
};
pub use session::Session;
