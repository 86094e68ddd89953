//! Behavior that all adapters share, so that targets do not diverge. For authors of targets; functions do not need
//! it.

/// The most bytes of a blob that a component and its host hand over at once: 1 MiB. What is handed over is in the memory of both.
pub const BLOB_CHUNK: usize = 1024 * 1024;

mod authority;
mod body;
mod conflict;
#[cfg(feature = "http")]
mod head;
mod port;
pub mod postgres;
mod refusal;
pub mod sql;
pub mod sqlite;
mod target;

pub use authority::is_authority;
pub use body::{DRAIN, expects_content, malformed};
pub use conflict::{no_sum, overtaken};
#[cfg(feature = "http")]
pub use head::{admit, drop_nominated};
pub use port::port_taken;
pub use refusal::refusal;
pub use target::origin_form;
