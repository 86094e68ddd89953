//! The ports of a component: the host's entropy and clock, its environment. It must not know who asks.

use std::sync::LazyLock;
use std::time::Duration;

use guru_core::ports::{self, Ports};
use wasip3::cli::environment;
use wasip3::clocks::system_clock;
use wasip3::random::random;

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
            // A host may give fewer bytes than asked for, and at least one.
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

/// `wasi:clocks/system-clock`.
pub(crate) struct Clock;

impl ports::Clock for Clock {
    fn now(&self) -> Duration {
        let now = system_clock::now();
        // A clock before 1970 is wrong by decades: 0 is as good an answer.
        u64::try_from(now.seconds)
            .map(|seconds| Duration::new(seconds, now.nanoseconds))
            .unwrap_or_default()
    }
}

/// The environment, `wasi:cli/environment`, which every host has: `spin up --env KEY=VALUE` or
/// `environment` in spin.toml, `wasmtime serve --env KEY=VALUE`.
///
/// Spin's variables are behind `wasi:config/store`. A component cannot import an interface only where
/// there is one: importing that would keep it off every host without it, `wasmtime serve` first, and
/// off every host with another draft of it.
struct Config;

impl ports::Config for Config {
    fn get(&self, key: &str) -> Result<Option<String>, ports::Error> {
        Ok(variable(key).map(str::to_owned))
    }
}

/// All of it, asked for once: a host has no call for a single variable, and does not change them. What a function does to
/// the standard library's copy is not seen.
static ENVIRONMENT: LazyLock<Vec<(String, String)>> = LazyLock::new(environment::get_environment);

/// A variable of the environment.
pub(crate) fn variable(key: &str) -> Option<&'static str> {
    let mut found = ENVIRONMENT.iter().filter(|(name, _)| name == key);
    found.next().map(|(_, value)| &**value)
}
