//! Runs a function on Spin.
//!
//! Spin runs WASI 0.3 HTTP components, and a component built with `guru-wasi` is a single file for Spin and every
//! other such host. Only the manifest is specific to Spin: `spin.toml` names the header in which Spin passes the
//! client's address.
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

/// The header in which Spin passes the client's address, after any copy that the client has sent
/// (<https://spinframework.dev/v3/http-trigger#additional-request-information>).
pub const CLIENT_ADDRESS_HEADER: &str = "spin-client-addr";

#[cfg(test)]
mod tests {
    use super::CLIENT_ADDRESS_HEADER;

    /// A component believes no header that its environment does not name.
    #[test]
    fn manifests_name_the_header_of_the_clients_address() {
        let setting = format!("GURU_CLIENT_ADDRESS_HEADER = \"{CLIENT_ADDRESS_HEADER}\"");
        for manifest in [
            include_str!("../../../spin.toml"),
            include_str!("../vendor/skeleton/spin.toml"),
        ] {
            assert!(manifest.contains(&setting), "{manifest}");
        }
    }
}
