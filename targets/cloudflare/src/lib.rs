//! Runs a function as a Cloudflare Worker, in workerd or on Cloudflare's network.
//!
//! The function becomes a module by `guru-js`, the adapter for every JavaScript host. What is
//! Cloudflare's own is `worker.js` beside this crate: the Worker's entry module, which keeps instances
//! of the function and gives each one request at a time. `guru build --on cloudflare` puts it beside
//! the compiled function.
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
