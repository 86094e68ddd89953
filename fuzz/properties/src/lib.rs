//! What must hold of whatever a client or a host can send. Each property is a function of bytes that panics where it does
//! not hold, so that any fuzzer can look for such bytes.
//!
//! It must not know which fuzzer does.

pub mod head;
pub mod log;
pub mod mutate;
pub mod query;
pub mod router;
pub mod seeds;

pub use seam_cloudflare as cloudflare;
pub use seam_lambda::{reading as event, writing as answer};

/// A property's name, and the property.
pub type Property = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Property; 7] = [
    ("answer", answer::check),
    ("cloudflare", cloudflare::check),
    ("event", event::check),
    ("head", head::check),
    ("log", log::check),
    ("query", query::check),
    ("router", router::check),
];
