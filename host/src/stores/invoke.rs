//! Other functions, by the interface of `guru:ports`: requests for them go to authorities that mean nothing elsewhere.

use guru_core::ports;
use wasmtime::Result;
use wasmtime::component::{Accessor, HasData, Linker};

use super::Stores;
use super::bindings::guru::ports::invoke;
use crate::outbound::Outbound;
use crate::state::State;

/// What an instance has for calling other functions.
pub(crate) struct Callable<'a> {
    pub(crate) stores: &'a mut Stores,
    pub(crate) outbound: &'a mut Outbound,
}

struct Functions;

impl HasData for Functions {
    type Data<'a> = Callable<'a>;
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    invoke::add_to_linker::<_, Functions>(linker, State::functions)
}

impl Callable<'_> {
    fn authority(&mut self, name: &str) -> Result<String, ports::Error> {
        let function = self.stores.function(name)?;
        match function.missed() {
            Some(error) => Err(error.clone()),
            None => Ok(self.outbound.authority(name, function)),
        }
    }
}

impl invoke::Host for Callable<'_> {}

impl<T: Send> invoke::HostWithStore<T> for Functions {
    async fn authority(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> Result<String, invoke::Error> {
        let said = accessor.with(|mut access| access.get().authority(&name));
        Ok(said?)
    }
}

impl From<ports::Error> for invoke::Error {
    fn from(error: ports::Error) -> Self {
        let kind = match error.kind() {
            ports::ErrorKind::Unavailable => invoke::ErrorKind::Unavailable,
            ports::ErrorKind::Denied => invoke::ErrorKind::Denied,
            _ => invoke::ErrorKind::Other,
        };
        let message = error.to_string();
        Self { kind, message }
    }
}
