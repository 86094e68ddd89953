//! Runs a function on Spin, and on any other host of WASI 0.3 HTTP components. It must not know
//! another target, nor decide what an answer is.
//!
//! A component made with it imports nothing but `wasi:*`, so that it is one file for all such hosts.

mod answer;
mod clock;
mod convert;
mod crash;
mod environment;
mod identity;
mod log;
mod ports;

#[doc(hidden)]
pub use wasip3;

pub use answer::answer;

/// Makes a component of the function: `guru_wasi::export!(app)`, where `app` is a `fn() -> App`. Once
/// a module.
///
/// A component's exports are symbols of its module, which only unsafe attributes can name. They are
/// in what the macro of `wasip3` expands to: no code of the function's crate, which goes on forbidding
/// unsafe code, nor of this one.
#[macro_export]
macro_rules! export {
    ($app:path) => {
        const _: () = {
            use $crate::wasip3::exports::http::handler;

            struct Function;

            impl handler::Guest for Function {
                async fn handle(
                    request: handler::Request,
                ) -> ::core::result::Result<handler::Response, handler::ErrorCode> {
                    // Short of a crash there is an answer: code for the errors of WASI would never be used.
                    ::core::result::Result::Ok($crate::answer($app, request).await)
                }
            }

            $crate::wasip3::http::service::export!(
                Function with_types_in $crate::wasip3
            );
        };
    };
}
