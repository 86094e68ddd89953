//! One instance of the function: what the entry module calls. It must not know other instances.

use std::cell::OnceCell;
use std::rc::Rc;

use guru_core::ports::{Level, Log as _, Ports, Record};
use guru_core::{App, Context, Invocation, Service};
use wasm_bindgen::prelude::*;

use crate::convert::Head;
use crate::log::Log;
use crate::{call, convert, crash, ports as vendor};

/// What all requests of the instance share.
struct Instance {
    service: Service,
    ports: Rc<Ports>,
}

thread_local! {
    static INSTANCE: OnceCell<Instance> = const { OnceCell::new() };
}

/// Makes the instance one of this app. Once an instance; throws what is wrong with the app's routes.
pub fn start(app: fn() -> App) {
    crash::install();
    match app().into_service() {
        Ok(service) => INSTANCE.with(|instance| {
            let ports = Rc::new(vendor::ports());
            // It is set once, by the entry module.
            let _ = instance.set(Instance { service, ports });
        }),
        Err(error) => wasm_bindgen::throw_str(&error.to_string()),
    }
}

/// How many bytes of a body are read before the request counts as too large.
#[wasm_bindgen(js_name = "bodyLimit")]
#[must_use]
pub fn body_limit() -> usize {
    with(|instance| instance.service.body_limit())
}

/// Begins to answer a request: whether the host has been given the answer. `body` is its bytes, or
/// nothing where it has none; `fate` is 1 if it broke off, 2 if it is larger than [`body_limit`].
#[wasm_bindgen]
#[must_use]
pub fn begin(head: &str, body: Option<Vec<u8>>, fate: u8) -> bool {
    let head = Head::read(head);
    let (service, ports) = with(|instance| (instance.service.clone(), Rc::clone(&instance.ports)));
    let invocation = Invocation::new(head.id).with_client_ip(head.client_ip());
    let cx = Context::new(ports, invocation);
    let method = head.method();
    let request = head
        .request(&method)
        .and_then(|request| Ok(request.with_body(convert::body(body, fate)?)));
    let answer = match request {
        Ok(request) => call::begin(async move {
            let answer = service.handle(cx.clone(), request).await;
            match convert::malformed() {
                Some(error) => Service::refuse(&cx, &method, error),
                None => answer,
            }
        }),
        Err(error) => Some(Service::refuse(&cx, &method, error)),
    };
    answer.map(convert::response).is_some()
}

/// Goes on with the request that was begun: whether the host has been given the answer.
#[wasm_bindgen]
#[must_use]
pub fn poll() -> bool {
    call::poll().map(convert::response).is_some()
}

/// Answers a request that another instance crashed on, for the reason `why`.
#[wasm_bindgen]
pub fn crashed(head: &str, why: &str) {
    let head = Head::read(head);
    Log.log(&Record::new(Level::Error, &why, &[]).of_request(head.id));
    convert::response(Service::crash(head.id, &head.method()));
}

fn with<T>(read: impl FnOnce(&Instance) -> T) -> T {
    INSTANCE.with(|instance| match instance.get() {
        Some(instance) => read(instance),
        None => wasm_bindgen::throw_str("the instance was not started"),
    })
}
