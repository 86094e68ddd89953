//! Runs a function as a Cloudflare Worker, in workerd or on Cloudflare's network.
//!
//! This is one half of the adapter; the other is the worker's entry module, `worker.js`, which `guru build --on
//! cloudflare` puts next to the compiled function. The entry module keeps instances of the function and passes each
//! one request at a time, so that a crash costs one request.
//!
//! Only strings, bytes and numbers pass between the two halves, never JavaScript objects: a request crosses once, and
//! so does its response. The glue that `worker`, `web-sys` or `js-sys` need for each object and each call would be
//! most of what is deployed, and most of what a request costs.

#[cfg(all(feature = "small-allocator", target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

mod call;
mod calls;
mod convert;
mod crash;
#[cfg(feature = "key-value")]
mod d1;
mod fetch;
mod host;
#[cfg(feature = "invoke")]
mod invoke;
#[cfg(feature = "key-value")]
mod kv;
mod log;
#[cfg(feature = "postgres")]
mod pg;
mod ports;
#[cfg(feature = "blob")]
mod r2;
#[cfg(feature = "secret")]
mod secret;
#[cfg(feature = "sql")]
mod sql;
#[cfg(any(
    feature = "blob",
    feature = "key-value",
    feature = "postgres",
    feature = "sql"
))]
mod stores;
mod timer;
mod upload;
mod worker;

#[doc(hidden)]
pub use wasm_bindgen;

pub use calls::answered;
#[cfg(feature = "key-value")]
pub use d1::atomic;
pub use fetch::fetch;
#[cfg(feature = "invoke")]
pub use invoke::invoke;
#[cfg(feature = "key-value")]
pub use kv::key_value;
#[cfg(feature = "postgres")]
pub use pg::postgres;
#[cfg(feature = "blob")]
pub use r2::blob;
#[cfg(feature = "secret")]
pub use secret::secret;
#[cfg(feature = "sql")]
pub use sql::sqlite;
pub use worker::start;
#[doc(hidden)]
pub use worker::{begin, came, cancel, lost, poll, pull, ring};

/// Exports the function as a worker: `guru_js::export!(app)`, where `app` is a `fn() -> App`. Use it once per module.
///
/// It adds one exported function to the crate, which [starts](start) the app; the entry module's later calls go
/// directly to this crate. The macro needs no symbol of its own, so nothing here is unsafe: the unsafe code is in the
/// expansion of wasm-bindgen's attribute, and a crate that forbids unsafe code can keep doing so.
#[macro_export]
macro_rules! export {
    ($app:expr) => {
        const _: () = {
            #[$crate::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = $crate::wasm_bindgen)]
            pub fn instance() {
                $crate::start($app);
            }
        };
    };
}

/// Exports what the entry module calls when something comes that the function has asked for. A function that declares ports
/// has it, once; an export cannot be left out of a module, and others would have its code for nothing.
#[macro_export]
macro_rules! export_ports {
    () => {
        const _: () = {
            #[$crate::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = $crate::wasm_bindgen)]
            pub fn answered(
                number: u32,
                what: u8,
                status: u16,
                size: f64,
                text: ::std::string::String,
                bytes: ::core::option::Option<::std::vec::Vec<u8>>,
            ) {
                $crate::answered(number, what, status, size, text, bytes);
            }
        };
    };
}
