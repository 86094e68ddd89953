//! One instance of the function, as the entry module calls it.

use std::cell::OnceCell;
use std::rc::Rc;

use guru_core::ports::{Level, Log as _, Ports, Record};
use guru_core::{App, Body, Context, Error, ErrorKind, Invocation, Service, adapter};
use wasm_bindgen::prelude::*;

use crate::call::Pulled;
use crate::convert::Head;
use crate::log::Log;
use crate::{call, convert, crash, host, ports as vendor, timer, upload};

/// Why a request has no response from its handler, in the numbering of the entry module.
const REFUSED: u8 = 1;
const LATE: u8 = 2;
const BUSY: u8 = 3;
const STARVED: u8 = 4;

/// The state that all requests of the instance share.
struct Instance {
    service: Service,
    ports: Rc<Ports>,
}

thread_local! {
    static INSTANCE: OnceCell<Instance> = const { OnceCell::new() };
}

/// Initializes the instance with this app. Must be called once per instance; throws if the app's routes are invalid.
pub fn start(app: fn() -> App) {
    crash::install();
    match app().into_service() {
        Ok(service) => INSTANCE.with(|instance| {
            let ports = Rc::new(vendor::ports());
            // The entry module calls this once.
            let _ = instance.set(Instance { service, ports });
        }),
        Err(error) => wasm_bindgen::throw_str(&error.to_string()),
    }
}

/// Starts to handle a request. Returns whether the host has received the response. `body` is there if all of the
/// request's body is; otherwise `size` is how large it is, or a negative number if that is not known, or NaN if the
/// request has none.
#[wasm_bindgen]
#[must_use]
pub fn begin(head: &str, body: Option<Vec<u8>>, size: f64) -> bool {
    convert::turn();
    let head = Head::read(head);
    let (service, ports) = with(|instance| (instance.service.clone(), Rc::clone(&instance.ports)));
    let invocation = Invocation::new(head.id).with_client_ip(head.client_ip());
    let cx = Context::new(ports, invocation);
    let method = head.method();
    match head.request(&method) {
        Ok(request) => {
            let body = match body {
                Some(bytes) => bytes.into(),
                None if size.is_nan() => Body::empty(),
                None => upload::body(size),
            };
            let own = cx.clone();
            call::begin(&own, async move {
                convert::response(service.handle(cx, request.with_body(body)).await);
            })
        }
        Err(error) => {
            convert::response(Service::refuse(&cx, &method, error));
            true
        }
    }
}

/// The host has read on in the body of the request: a chunk, or else its end, which may be a break.
#[wasm_bindgen]
pub fn came(chunk: Option<Vec<u8>>, is_broken: bool) {
    upload::came(chunk, is_broken);
}

/// Continues the request. Returns whether the host has received the response; afterwards, whether the request has nothing to go
/// on with any more.
#[wasm_bindgen]
#[must_use]
pub fn poll() -> bool {
    call::poll()
}

/// Goes on with the stream of the answer: whether the host has been given a chunk, or its end.
#[wasm_bindgen]
#[must_use]
pub fn pull() -> bool {
    let Some(pulled) = call::pull() else {
        return false;
    };
    if let Pulled::Chunk(chunk) = pulled {
        host::chunk(&chunk);
    } else {
        // Of a stream that broke off, core has dropped what would come after it.
        call::after();
        host::end(matches!(pulled, Pulled::Broken));
    }
    true
}

/// Gives up the stream of the answer: nobody reads on.
#[wasm_bindgen]
pub fn cancel() {
    call::cancel();
}

/// A timer of the host's has rung.
#[wasm_bindgen]
pub fn ring(number: u32) {
    timer::ring(number);
}

/// Answers a request that has no answer of its handler's, by the number that the entry module has for the reason.
#[wasm_bindgen]
pub fn lost(head: &str, what: u8, why: &str) {
    let head = Head::read(head);
    let method = head.method();
    let mut response = if what == REFUSED {
        let error = Error::new(ErrorKind::BadRequest, why.to_owned());
        adapter::refusal(head.id, &method, &error)
    } else {
        Log.log(&Record::new(Level::Error, &why, &[]).of_request(head.id));
        let kind = match what {
            LATE => ErrorKind::Timeout,
            BUSY => ErrorKind::Unavailable,
            STARVED => ErrorKind::RequestTimeout,
            _ => ErrorKind::Internal,
        };
        Service::lost(kind, head.id, &method)
    };
    if what == BUSY {
        let added = response.headers_mut().append("retry-after", "1");
        debug_assert!(added.is_ok(), "a digit is a header value");
    }
    convert::response(response);
}

fn with<T>(read: impl FnOnce(&Instance) -> T) -> T {
    INSTANCE.with(|instance| match instance.get() {
        Some(instance) => read(instance),
        None => wasm_bindgen::throw_str("the instance was not started"),
    })
}
