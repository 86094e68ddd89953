//! Gives a function its ports on Spin: exports of `guru:ports`, which lead to Spin's own interfaces.
//!
//! `guru build --on spin` composes a function's component with this one, once for each of its kinds of ports: a host that lacks
//! one of Spin's interfaces takes a function that does not need it. A store is named in `spin.toml` as the function names it.

#![cfg(target_family = "wasm")]

#[cfg(feature = "atomic")]
mod atomic;
#[cfg(feature = "key-value")]
mod key_value;

use std::time::{Duration, SystemTime};

/// The time since 1970. A clock before that is wrong by decades: 0 is as good as any value.
fn now() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default()
}
