//! Properties that must hold for whatever a client or a host can send. Each is a function of bytes that panics where the property
//! does not hold, so it works with any fuzzer.

pub mod head;
pub mod log;
pub mod mutate;
pub mod query;
pub mod router;
pub mod seeds;

pub use seam_cloudflare as cloudflare;
pub use seam_lambda::{reading as event, writing as answer};

/// The name and the function of a property.
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
