//! A component that is ready to handle requests.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use guru_core::ports::Level;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use wasmtime::component::Linker;
use wasmtime::{Engine, Store};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::component::{self, Error, ErrorKind};
use crate::limits::places;
use crate::log::note;
use crate::outbound::Outbound;
use crate::state::{CONCURRENT, State};
use crate::stores::{self, Stores};
use crate::{Limits, engine};

/// The header that carries the client's address to the function. A client's own copy is never passed on.
pub(crate) const CLIENT_ADDRESS: &str = "guru-client-address";

/// The header that carries the request id to the function. A client's own copy is never passed on.
pub(crate) const REQUEST_ID: &str = "guru-request-id";

/// The options for hosting a component.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The limits on one request.
    pub limits: Limits,
    /// The function's environment, which holds its settings. Nothing of this process's own environment is in it.
    pub environment: Vec<(String, String)>,
    /// An address of the platform's own, to which no request of the function goes, whatever it declares.
    pub guarded: Option<SocketAddr>,
    /// Where its ports lead to.
    pub stores: Stores,
}

/// What the platform reports about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The request id. Never chosen by the client.
    pub request_id: String,
    /// The client's address, if known. Never taken from a header that the client controls.
    pub client_ip: Option<IpAddr>,
    /// When the platform ends the invocation, if that is before the timeout.
    pub deadline: Option<Instant>,
}

/// A component that is ready to handle requests. Cheap to clone.
#[derive(Clone)]
pub struct Host(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    engine: Engine,
    pub(crate) function: ServicePre<State>,
    pub(crate) limits: Limits,
    pub(crate) room: Arc<Semaphore>,
    environment: Vec<(String, String)>,
    /// Whether an instance has several memories.
    is_composed: bool,
    is_text: bool,
    outbound: Outbound,
    stores: Stores,
}

impl Host {
    /// Loads a compiled component, and checks that it can be run.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`].
    pub fn load(path: &Path, options: Options) -> Result<Self, Error> {
        let system = |error: wasmtime::Error| {
            let message = format!("wasmtime cannot be set up with these limits: {error:#}");
            Error::new(ErrorKind::System, message)
        };
        let limits = options.limits;
        let (engine, component, memories) = component::load(path, &limits)?;
        let function = linker(&engine)
            .and_then(|linker| linker.instantiate_pre(&component))
            .and_then(ServicePre::new)
            .map_err(|error| {
                let message = format!(
                    "{} is no WASI 0.3 HTTP component that can run here: {error:#}",
                    path.display()
                );
                Error::new(ErrorKind::Unfit, message)
            })?;
        engine::tick(&engine).map_err(|error| system(error.into()))?;
        let mut environment = options.environment;
        // They may have a password in them, and say where to: that is the host's.
        environment.retain(|(name, _)| {
            !guru_services::is_setting(name) && !options.stores.is_secret(name)
        });
        environment.extend([
            ("GURU_CLIENT_ADDRESS_HEADER".into(), CLIENT_ADDRESS.into()),
            ("GURU_REQUEST_ID_HEADER".into(), REQUEST_ID.into()),
        ]);
        let is_text = ("GURU_LOG".into(), "text".into());
        let is_text = environment.contains(&is_text);
        Ok(Self(Arc::new(Inner {
            engine,
            function,
            limits,
            room: places(limits.instances),
            environment,
            is_composed: memories > 1,
            is_text,
            outbound: Outbound::new(options.guarded, limits, is_text),
            stores: options.stores,
        })))
    }

    /// Resolves once no request is handled any more, nor goes on after its response. Others wait meanwhile.
    pub async fn idle(&self) {
        // It is never closed.
        let _ = self.0.room.acquire_many(self.0.limits.instances).await;
    }

    /// Writes a line to the function's log, in the function's own format: JSON, or text if its environment has
    /// `GURU_LOG=text`.
    pub fn note(&self, level: Level, message: &str, request_id: Option<&str>) {
        self.0.note(level, message, request_id);
    }
}

impl Inner {
    pub(crate) fn note(&self, level: Level, message: &str, request_id: Option<&str>) {
        note(self.is_text, level, message, request_id);
    }

    /// Creates the store of one instance.
    pub(crate) fn store(&self) -> Store<State> {
        let state = State::new(&self.environment, &self.outbound, &self.stores);
        let mut store = Store::new(&self.engine, state);
        if self.is_composed {
            // Each of its memories alone has the limit by its pool.
            store.data_mut().memory.most = self.limits.memory;
            store.limiter(|state| &mut state.memory);
        }
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(CONCURRENT);
        }
        // At every tick, so that no function delays others, or its own timeout.
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}

/// What a component may import: WASI 0.3 with HTTP, and WASI 0.2, which Rust's standard library still uses. Nothing
/// specific to a vendor, but the ports of Guru's own.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    stores::add_to_linker(&mut linker)?;
    Ok(linker)
}
