//! The ports of a worker: the platform's entropy and clock, the worker's variables and secrets. It
//! must not know who asks.

use std::time::Duration;

use guru_core::ports::{self, Ports};
use js_sys::{Date, Reflect};
use wasm_bindgen::prelude::*;

use crate::log::Log;

/// The ports of a request that came with these bindings.
pub(crate) fn ports(env: JsValue) -> Ports {
    Ports::new(Random, Clock, Log, Config(env))
}

#[wasm_bindgen]
extern "C" {
    /// <https://developer.mozilla.org/docs/Web/API/Crypto/getRandomValues>
    #[wasm_bindgen(js_namespace = crypto, js_name = "getRandomValues")]
    fn get_random_values(bytes: &mut [u8]);
}

/// `crypto.getRandomValues`, which takes this many bytes at most
/// (<https://w3c.github.io/webcrypto/#Crypto-method-getRandomValues>).
const QUOTA: usize = 65_536;

struct Random;

impl ports::Random for Random {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.chunks_mut(QUOTA).for_each(get_random_values);
    }
}

/// `Date.now`, which stands still while a request computes
/// (<https://developers.cloudflare.com/workers/reference/security-model/>).
struct Clock;

impl ports::Clock for Clock {
    fn now(&self) -> Duration {
        // A clock before 1970 is wrong by decades: 0 is as good an answer.
        Duration::try_from_secs_f64(Date::now() / 1000.0).unwrap_or_default()
    }
}

/// Variables and secrets, which reach a worker as strings among its bindings.
struct Config(JsValue);

impl ports::Config for Config {
    fn get(&self, key: &str) -> Result<Option<String>, ports::Error> {
        let value = Reflect::get(&self.0, &key.into()).unwrap_or(JsValue::UNDEFINED);
        Ok(value.as_string())
    }
}
