//! The host's state of one instance.

use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::outbound::Outbound;
use crate::stores::Stores;
use crate::stores::blob::Held;
use crate::stores::invoke::Callable;

/// The size of one set of headers in bytes, including wasmtime's own bookkeeping. Headers from a client are limited
/// where they are parsed.
const HEADERS: usize = 256 * 1024;

/// How many of the host's resources a function may hold at once: requests, responses, sets of headers. They are in
/// the host's memory and not in the function's. All of them together may be as large as the function's own memory,
/// and no larger.
const RESOURCES: usize = 512;

/// The same for what wasmtime keeps for the function: streams, futures, pending calls.
pub(crate) const CONCURRENT: usize = 4096;

/// The host's state of one instance.
pub(crate) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    stores: Stores,
    table: ResourceTable,
    /// What all of its memories may have together, where it has several.
    pub(crate) memory: Memory,
}

/// The memory of an instance, in bytes.
#[derive(Default)]
pub(crate) struct Memory {
    used: usize,
    pub(crate) most: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        let fits = used <= self.most;
        if fits {
            self.used = used;
        }
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The pool has a limit for each.
        Ok(true)
    }
}

impl State {
    /// Creates the state of an instance with this environment, and without files or sockets.
    pub(crate) fn new(
        environment: &[(String, String)],
        outbound: &Outbound,
        stores: &Stores,
    ) -> Self {
        let mut wasi = WasiCtx::builder();
        wasi.inherit_stdout().inherit_stderr().envs(environment);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(HEADERS);
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Self {
            wasi: wasi.build(),
            http,
            outbound: outbound.clone(),
            stores: stores.clone(),
            table,
            memory: Memory::default(),
        }
    }

    /// Where its ports lead to.
    pub(crate) fn stores(&mut self) -> &mut Stores {
        &mut self.stores
    }

    /// What it has for calling other functions.
    pub(crate) fn functions(&mut self) -> Callable<'_> {
        Callable {
            stores: &mut self.stores,
            outbound: &mut self.outbound,
        }
    }

    /// The same for blobs, with what the function holds of them.
    pub(crate) fn blobs(&mut self) -> Held<'_> {
        Held {
            stores: &mut self.stores,
            table: &mut self.table,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use wasmtime_wasi_http::FieldMap;

    use super::*;

    /// Each is up to [`HEADERS`] bytes of this process, which no limit on the function's own memory covers.
    #[test]
    fn a_function_cannot_hold_any_number_of_the_host_s_things() {
        let mut state = State::new(
            &[],
            &Outbound::new(None, crate::Limits::default(), false),
            &Stores::default(),
        );
        let table = &mut state.table;
        let held =
            (0..1_000_000).take_while(|_| table.push(FieldMap::new_mutable(HEADERS)).is_ok());
        assert_eq!(held.count(), RESOURCES);
    }

    #[test]
    fn a_set_of_headers_has_an_end() {
        let mut fields = FieldMap::new_mutable(HEADERS);
        let name = HeaderName::from_static("x");
        let value = http::HeaderValue::from_static("y");
        let held = (0..1_000_000)
            .take_while(|_| fields.append_raw(name.clone(), value.clone()).is_ok())
            .count();
        assert!((500..100_000).contains(&held), "{held}");
    }
}
