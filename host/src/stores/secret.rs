//! Secrets, by the interface of `guru:ports`.

use wasmtime::Result;
use wasmtime::component::{Accessor, Linker};

use super::bindings::guru::ports::secret;
use super::{Ports, Stores};
use crate::state::State;

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    secret::add_to_linker::<_, Ports>(linker, State::stores)
}

impl secret::Host for &mut Stores {}

impl<T: Send> secret::HostWithStore<T> for Ports {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> Result<Option<String>, secret::Error> {
        Ok(accessor.with(|mut access| access.get().secret(&name)))
    }
}
