//! Write a serverless function once, run it on every vendor.
//!
//! All that a function's author depends on: the portable [core](guru_core), and behind [`export!`]
//! and [`main!`] the adapter that the vendor needs. `guru build --on VENDOR` chooses it by a feature of
//! this crate; a native build needs none.
//!
//! ```
//! use guru::prelude::*;
//!
//! pub fn app() -> App {
//!     App::new().get("/hello/{name}", hello)
//! }
//!
//! async fn hello(cx: Context, req: Request) -> Result<Response> {
//!     let name: String = req.param("name")?;
//!     cx.log().info("greeting", &[("name", (&*name).into())]);
//!     Ok(Response::text(format!("hello {name}")))
//! }
//!
//! guru::export!(app);
//!
//! // In a unit test, without a server:
//! let client = guru::memory::Client::new(app()).unwrap();
//! assert_eq!(client.get("/hello/you").body().as_bytes(), Some(&b"hello you"[..]));
//! ```
//!
//! `src/main.rs` is one line, for the native build: `guru::main!(my_function::app);`

#![cfg_attr(target_family = "wasm", no_std)]

pub use bytes::Bytes;
pub use guru_core::{
    App, Body, Context, Error, ErrorKind, Event, Events, Headers, Invocation, Level, Method,
    Middleware, Next, Out, Ports, Request, Response, Result, Service, Status, Uri, app, http,
    memory, ports, time,
};
/// For types that are read or written: `#[derive(Serialize)] #[serde(crate = "guru::serde")]`, since a
/// derive looks for a crate of that name among the author's own dependencies.
pub use serde;

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub use guru_native as native;

#[cfg(feature = "cloudflare")]
#[doc(hidden)]
pub use guru_cloudflare as cloudflare;

#[cfg(feature = "wasi")]
#[doc(hidden)]
pub use guru_wasi as wasi;

/// What nearly every function needs.
pub mod prelude {
    pub use crate::app::middleware::{BodyLimit, Cors, RequestLog, SecurityHeaders};
    pub use crate::{
        App, Body, Bytes, Context, Error, ErrorKind, Method, Next, Request, Response, Result,
        Status,
    };
    pub use serde::{Deserialize, Serialize};
}

/// Makes a function of the crate: `guru::export!(app)`, where `app` is a `fn() -> App`. Once a
/// crate, in `lib.rs`.
///
/// What it expands to depends on the vendor that is built for; natively nothing is exported, and
/// [`main!`] serves the function.
#[cfg(not(target_family = "wasm"))]
#[macro_export]
macro_rules! export {
    ($app:path) => {
        const _: fn() -> $crate::App = $app;
    };
}

/// Makes a function of the crate: `guru::export!(app)`, where `app` is a `fn() -> App`. Once a
/// crate, in `lib.rs`.
///
/// Here it makes a Cloudflare Worker.
#[cfg(all(target_family = "wasm", feature = "cloudflare", not(feature = "wasi")))]
#[macro_export]
macro_rules! export {
    ($app:path) => {
        $crate::cloudflare::export!($app);
    };
}

/// Makes a function of the crate: `guru::export!(app)`, where `app` is a `fn() -> App`. Once a
/// crate, in `lib.rs`.
///
/// Here it makes a WASI 0.3 HTTP component.
#[cfg(all(target_family = "wasm", feature = "wasi", not(feature = "cloudflare")))]
#[macro_export]
macro_rules! export {
    ($app:path) => {
        $crate::wasi::export!($app);
    };
}

/// Makes a function of the crate: `guru::export!(app)`, where `app` is a `fn() -> App`. Once a
/// crate, in `lib.rs`.
///
/// Here it makes nothing: no vendor was chosen, or two were.
#[cfg(all(
    target_family = "wasm",
    any(
        all(feature = "cloudflare", feature = "wasi"),
        not(any(feature = "cloudflare", feature = "wasi"))
    )
))]
#[macro_export]
macro_rules! export {
    ($app:path) => {
        ::core::compile_error!(
            "a build for WebAssembly is for one vendor: `guru build --on VENDOR` chooses it, and so does one of the features \
             `cloudflare` and `wasi` of the crate `guru`, as in `cargo build --target wasm32-wasip2 --features guru/wasi`"
        );
    };
}

/// The whole of `main.rs`: `guru::main!(my_function::app);`
///
/// Natively it serves the function over HTTP; `--help` lists its options. On a WebAssembly target
/// the library is what counts, and the program does nothing.
#[cfg(not(target_family = "wasm"))]
#[macro_export]
macro_rules! main {
    ($app:path) => {
        fn main() -> ::std::process::ExitCode {
            $crate::native::main(
                $crate::native::Program {
                    name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                    about: env!("CARGO_PKG_DESCRIPTION"),
                },
                $app,
            )
        }
    };
}

/// The whole of `main.rs`: `guru::main!(my_function::app);`
///
/// Natively it serves the function over HTTP; `--help` lists its options. On a WebAssembly target
/// the library is what counts, and the program does nothing.
#[cfg(target_family = "wasm")]
#[macro_export]
macro_rules! main {
    ($app:path) => {
        fn main() {
            const _: fn() -> $crate::App = $app;
        }
    };
}
