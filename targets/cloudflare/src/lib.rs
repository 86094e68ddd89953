//! Runs a function as a Cloudflare Worker, in workerd or on Cloudflare's network. It must not know
//! another target, nor decide what an answer is.
//!
//! It is one half of the adapter; the other is the worker's entry module, `worker.js`, which
//! `guru build --on cloudflare` puts beside the compiled function. The entry module keeps instances
//! of the function and gives each one request at a time, so that a crash costs one request.
//!
//! It stands on `worker-sys` and `web-sys`, the lower half of the `worker` crate, not on `worker`
//! itself: that one answers a panic by resetting the only instance there is, and with it every other
//! request in flight, and its JavaScript snippets keep the glue from being instantiated twice.

mod call;
mod convert;
mod crash;
mod log;
mod ports;
mod worker;

#[doc(hidden)]
pub use wasm_bindgen;

pub use call::Call;
pub use worker::Worker;

/// Makes a worker of the function: `guru_cloudflare::export!(app)`, where `app` is a `fn() -> App`.
/// Once a module.
///
/// What it adds to the function's crate is one exported function, which makes a [`Worker`] of the
/// app; the worker's methods reach the module from this crate by themselves. It needs no symbol of
/// its own, so nothing here is unsafe: what the attribute expands to is wasm-bindgen's, and the
/// crates that forbid unsafe code go on forbidding it.
#[macro_export]
macro_rules! export {
    ($app:path) => {
        const _: () = {
            #[$crate::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = $crate::wasm_bindgen)]
            pub fn instance()
            -> ::core::result::Result<$crate::Worker, $crate::wasm_bindgen::JsError> {
                $crate::Worker::new($app)
            }
        };
    };
}
