//! Secrets, by `spin:variables`: the component's variable `guru_secret_NAME`, which `spin.toml` leads to the application's variable of
//! the port's name. The other variables of the component, as the addresses of its databases, are out of reach by these names.
//!
//! `guru build --on spin` composes a function's component with this one, where it has such a port.

#![cfg(target_family = "wasm")]

use guru_wit::secret_adapter::export_secret;
use guru_wit::secret_adapter::secret::{Error, ErrorKind, Guest};
use spin_sdk::variables;

struct Ports;

export_secret!(Ports with_types_in guru_wit::secret_adapter);

impl Guest for Ports {
    async fn get(name: String) -> Result<Option<String>, Error> {
        let failed = |kind, why| {
            let message = format!("the secret `{name}`: {why}");
            Err(Error { kind, message })
        };
        match variables::get(format!("guru_secret_{}", name.to_lowercase())).await {
            Ok(value) => Ok(Some(value)),
            Err(variables::Error::Undefined(_)) => Ok(None),
            Err(variables::Error::InvalidName(why)) => failed(ErrorKind::Other, why),
            Err(variables::Error::Provider(why)) => failed(ErrorKind::Unavailable, why),
            Err(variables::Error::Other(why)) => failed(ErrorKind::Other, why),
        }
    }
}
