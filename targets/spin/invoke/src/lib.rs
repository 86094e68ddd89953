//! Other functions, by Spin's local service chaining (<https://spinframework.dev/v3/http-outbound#local-service-chaining>): each is a
//! component of the same application, with the name of the port, and `spin.toml` allows it.
//!
//! `guru build --on spin` composes a function's component with this one, where it has such a port.

#![cfg(target_family = "wasm")]

use guru_core::ports::function_name;
use guru_wit::invoke_adapter::export_invoke;
use guru_wit::invoke_adapter::invoke::{Error, Guest};

struct Ports;

export_invoke!(Ports with_types_in guru_wit::invoke_adapter);

impl Guest for Ports {
    async fn authority(name: String) -> Result<String, Error> {
        Ok(format!("{}.spin.internal", function_name(&name)))
    }
}
