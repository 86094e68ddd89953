//! The ports of a worker: the platform's entropy and clock, and the worker's variables and secrets.

use std::cell::RefCell;
use std::pin::Pin;
use std::time::Duration;

use guru_core::ports::{self, Ports};

use crate::log::Log;
use crate::{host, timer};

pub(crate) fn ports() -> Ports {
    Ports::new(Random, Clock, Log, Config)
}

/// The maximum number of bytes per call of `crypto.getRandomValues`
/// (<https://w3c.github.io/webcrypto/#Crypto-method-getRandomValues>).
const QUOTA: usize = 65_536;

/// How many bytes to draw ahead: a call to the platform costs as much as a thousand bytes from it.
const AHEAD: usize = 256;

thread_local! {
    /// Random bytes, and how many of them have been used.
    static POOL: RefCell<([u8; AHEAD], usize)> = const { RefCell::new(([0; AHEAD], AHEAD)) };
}

struct Random;

impl ports::Random for Random {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > AHEAD {
            return bytes.chunks_mut(QUOTA).for_each(host::get_random_values);
        }
        POOL.with_borrow_mut(|(pool, used)| {
            if AHEAD - *used < bytes.len() {
                host::get_random_values(pool);
                *used = 0;
            }
            let drawn = pool.iter_mut().skip(*used);
            *used += bytes.len();
            // Used bytes are erased.
            for (byte, drawn) in bytes.iter_mut().zip(drawn) {
                *byte = std::mem::take(drawn);
            }
        });
    }
}

/// `Date.now`.
struct Clock;

impl ports::Clock for Clock {
    fn now(&self) -> Duration {
        // Whole milliseconds. A clock before 1970 is wrong by decades: 0, the result of the conversion, is as good as
        // any value.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float's conversion saturates"
        )]
        Duration::from_millis(host::now() as u64)
    }

    /// `setTimeout`.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
        timer::sleep(duration)
    }
}

/// Variables and secrets, which are strings among a worker's bindings.
struct Config;

impl ports::Config for Config {
    fn get(&self, key: &str) -> Result<Option<String>, ports::Error> {
        Ok(host::variable(key))
    }
}
