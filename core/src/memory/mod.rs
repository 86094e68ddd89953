//! Reference implementations of the ports, deterministic, and a client that drives an app with them:
//! for unit tests of functions, and as the yardstick for what a target's ports must do.
//!
//! They must not touch the world: no clock, no entropy, no output.

mod client;
mod clock;
mod config;
mod log;
mod random;

pub use client::Client;
pub use clock::Clock;
pub use config::Config;
pub use log::{Entry, Log};
pub use random::Random;
