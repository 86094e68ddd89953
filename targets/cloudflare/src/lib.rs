//! Runs a function as a Cloudflare Worker, in workerd or on Cloudflare's network.
//!
//! `guru-js`, the adapter for JavaScript hosts, turns the function into a module. Only `worker.js`, next to this
//! crate, is specific to Cloudflare: it is the Worker's entry module, which keeps instances of the function and
//! passes each one request at a time. `guru build --on cloudflare` puts it next to the compiled function.
//!
//! ```
//! use guru_core::{App, Context, Request, Response, Result};
//!
//! fn app() -> App {
//!     App::new().get("/", hello)
//! }
//!
//! async fn hello(_cx: Context, _req: Request) -> Result<Response> {
//!     Ok(Response::text("hello"))
//! }
//!
//! guru_cloudflare::export!(app);
//! ```

pub use guru_js::*;
