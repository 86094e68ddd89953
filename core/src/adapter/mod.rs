//! What every adapter does in the same way, so that no target does it otherwise. For those who write targets; a
//! function's author needs nothing of it.

mod authority;
#[cfg(feature = "http")]
mod head;
mod port;
mod refusal;
mod target;

pub use authority::is_authority;
#[cfg(feature = "http")]
pub use head::admit;
pub use port::port_taken;
pub use refusal::refusal;
pub use target::origin_form;
