//! Deterministic reference implementations of the ports, and a client that drives an app with them: for unit tests of
//! functions, and as the reference for the ports of a target.
//!
//! They must not touch the outside world: no clock, no entropy, no output.

mod blob;
mod call;
mod client;
mod clock;
mod config;
mod data;
mod fetch;
mod invoke;
mod key_value;
mod log;
mod random;
mod reply;
mod secret;
mod sql;

pub use blob::Blob;
pub use call::Call;
pub use client::Client;
pub use clock::Clock;
pub use config::Config;
pub use key_value::KeyValue;
pub use log::{Entry, Log};
pub use random::Random;
pub use reply::Reply;
