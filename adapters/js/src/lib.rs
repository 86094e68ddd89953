//! Runs a function as a Cloudflare Worker, in workerd or on Cloudflare's network. It must not know
//! another target, nor decide what an answer is.
//!
//! It is one half of the adapter; the other is the worker's entry module, `worker.js`, which
//! `guru build --on cloudflare` puts beside the compiled function. The entry module keeps instances
//! of the function and gives each one request at a time, so that a crash costs one request.
//!
//! Between the two halves there are texts, bytes and numbers, and no JavaScript object: a request
//! crosses once, and so does its answer. The glue that `worker`, `web-sys` or `js-sys` need for each
//! object and each call would be most of what is deployed, and most of what a request costs.

#[cfg(all(feature = "small-allocator", target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

mod call;
mod convert;
mod crash;
mod host;
mod log;
mod ports;
mod timer;
mod worker;

#[doc(hidden)]
pub use wasm_bindgen;

pub use worker::start;
#[doc(hidden)]
pub use worker::{begin, body_limit, cancel, lost, poll, pull, ring};

/// Makes a worker of the function: `guru_js::export!(app)`, where `app` is a `fn() -> App`.
/// Once a module.
///
/// What it adds to the function's crate is one exported function, which [starts](start) the app; what
/// the entry module calls afterwards reaches the module from this crate by itself. It needs no symbol
/// of its own, so nothing here is unsafe: what the attribute expands to is wasm-bindgen's, and the
/// crates that forbid unsafe code go on forbidding it.
#[macro_export]
macro_rules! export {
    ($app:path) => {
        const _: () = {
            #[$crate::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = $crate::wasm_bindgen)]
            pub fn instance() {
                $crate::start($app);
            }
        };
    };
}
