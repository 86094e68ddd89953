//! Runs a function on Spin, and on any other host of WASI 0.3 HTTP components.
//!
//! A component built with this crate imports nothing but `wasi:*`, so a single file runs on all such hosts; and of `guru:ports`
//! what a function calls that declares such ports.

mod answer;
#[cfg(feature = "blob")]
mod blob;
mod clock;
mod convert;
mod crash;
#[cfg(any(feature = "postgres", feature = "sql"))]
mod databases;
mod environment;
#[cfg(any(
    feature = "blob",
    feature = "key-value",
    feature = "postgres",
    feature = "sql"
))]
mod failure;
mod fetch;
mod identity;
#[cfg(feature = "invoke")]
mod invoke;
mod log;
mod ports;
mod reader;
#[cfg(feature = "secret")]
mod secret;
#[cfg(feature = "key-value")]
mod stores;
mod upload;

#[doc(hidden)]
pub use wasip3;

pub use answer::answer;
#[cfg(feature = "blob")]
#[doc(hidden)]
pub use blob::blob;
#[cfg(feature = "postgres")]
#[doc(hidden)]
pub use databases::postgres::postgres;
#[cfg(feature = "sql")]
#[doc(hidden)]
pub use databases::sqlite::sqlite;
#[doc(hidden)]
pub use fetch::fetch;
#[cfg(feature = "invoke")]
#[doc(hidden)]
pub use invoke::invoke;
#[cfg(feature = "secret")]
#[doc(hidden)]
pub use secret::secret;
#[cfg(feature = "key-value")]
#[doc(hidden)]
pub use stores::{atomic, key_value};

/// Exports the function as a component: `guru_wasi::export!(app)`, where `app` is a `fn() -> App`. Use it once per
/// module.
///
/// A component's exports are symbols of its module, which only unsafe attributes can name. Those are in the expansion
/// of `wasip3`'s macro: neither in the function's crate, which can keep forbidding unsafe code, nor in this one.
#[macro_export]
macro_rules! export {
    ($app:expr) => {
        const _: () = {
            use $crate::wasip3::exports::http::handler;

            struct Function;

            impl handler::Guest for Function {
                async fn handle(
                    request: handler::Request,
                ) -> ::core::result::Result<handler::Response, handler::ErrorCode> {
                    // Only a crash leaves a request without a response, so code for the errors of WASI would never be
                    // used.
                    ::core::result::Result::Ok($crate::answer($app, request).await)
                }
            }

            $crate::wasip3::http::service::export!(
                Function with_types_in $crate::wasip3
            );
        };
    };
}
