//! What belongs to one instance on the host's side. It must not know requests.

use std::collections::HashSet;
use std::sync::Arc;

use http::{HeaderName, header};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView,
    WasiHttpHooks, WasiHttpView,
};

/// Bytes that one set of headers may take, wasmtime's own bookkeeping among them. What a client sends
/// is limited where it is parsed.
const HEADERS: usize = 256 * 1024;

/// What a function may hold of this host's at once: requests, answers, sets of headers. Each is in the host's memory, not
/// in its own, so that all of them together may be as large as what it has by itself, and no larger.
const RESOURCES: usize = 512;

/// The same of what wasmtime keeps for it: streams, futures, calls under way.
pub(crate) const CONCURRENT: usize = 4096;

/// What belongs to one instance.
pub(crate) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    table: ResourceTable,
}

impl State {
    /// An instance with these variables in its environment: no files, no sockets.
    pub(crate) fn new(environment: &[(String, String)], forbidden: &ForbiddenHeaderFilter) -> Self {
        let mut wasi = WasiCtx::builder();
        wasi.inherit_stdout().inherit_stderr().envs(environment);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(HEADERS);
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Self {
            wasi: wasi.build(),
            http,
            hooks: Hooks(Arc::clone(forbidden)),
            table,
        }
    }
}

/// The headers that a function neither sees nor sets: those of the connection. Wasmtime's own list has
/// `host` and `proxy-authenticate` too, which are the message's.
pub(crate) fn forbidden() -> ForbiddenHeaderFilter {
    let names: HashSet<HeaderName> = [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        HeaderName::from_static("http2-settings"),
    ]
    .into();
    Arc::new(move |name| names.contains(name))
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
            hooks: &mut self.hooks,
        }
    }
}

/// What this host does otherwise than wasmtime by itself.
struct Hooks(ForbiddenHeaderFilter);

type Sent = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl WasiHttpHooks for Hooks {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::clone(&self.0)
    }

    /// No function may call out: there is no port for it.
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

#[cfg(test)]
mod tests {
    use wasmtime_wasi_http::FieldMap;

    use super::*;

    /// Each is up to [`HEADERS`] bytes of this process, which no limit on the function's own memory knows of.
    #[test]
    fn a_function_cannot_hold_any_number_of_the_host_s_things() {
        let mut state = State::new(&[], &forbidden());
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
