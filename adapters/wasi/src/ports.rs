//! The ports of a component: the host's entropy, clock and environment.

use guru_core::ports::{self, Ports};
use wasip3::random::random;

use crate::clock::Clock;
use crate::environment::variable;
use crate::log::Log;

pub(crate) fn ports() -> Ports {
    Ports::new(Random, Clock, Log, Config)
}

/// `wasi:random/random`.
struct Random;

impl ports::Random for Random {
    fn fill(&self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            // A host may return fewer bytes than requested, but at least one.
            let drawn = random::get_random_bytes(rest.len() as u64);
            let count = drawn.len().min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            now.iter_mut()
                .zip(drawn)
                .for_each(|(byte, drawn)| *byte = drawn);
            rest = later;
        }
    }
}

/// The environment, `wasi:cli/environment`, which every host provides: `spin up --env KEY=VALUE` or `environment` in
/// spin.toml, `wasmtime serve --env KEY=VALUE`.
///
/// Spin's variables are behind `wasi:config/store`. A component cannot import an interface conditionally: importing
/// that one would exclude every host without it, `wasmtime serve` first, and every host with another draft of it.
struct Config;

impl ports::Config for Config {
    fn get(&self, key: &str) -> Result<Option<String>, ports::Error> {
        Ok(variable(key).map(str::to_owned))
    }
}
