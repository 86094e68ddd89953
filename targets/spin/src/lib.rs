//! Runs a function on Spin.
//!
//! Spin runs WASI 0.3 HTTP components, and a component made by `guru-wasi` is one file for Spin and
//! for every other host of such. What is Spin's own is in its manifest: `spin.toml` names the header in
//! which Spin tells a client's address.
//!
//! ```no_run
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
//! guru_spin::export!(app);
//! ```

pub use guru_wasi::*;

/// The header in which Spin tells a client's address, behind any copy that the client has sent
/// (<https://spinframework.dev/v3/http-trigger#additional-request-information>).
pub const CLIENT_ADDRESS_HEADER: &str = "spin-client-addr";
