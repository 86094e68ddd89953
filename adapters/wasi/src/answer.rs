//! Handles one request: from the host to the app and back.

use std::cell::OnceCell;
use std::rc::Rc;

use guru_core::ports::Ports;
use guru_core::{App, Context, Error, Method, Response, Service};
use wasip3::http::types;

use crate::identity::Identity;
use crate::{convert, crash, ports, upload};

/// The state that all requests of an instance share.
#[derive(Clone)]
struct Instance {
    /// The service, or what is wrong with the app's routes.
    service: Result<Service, Rc<Error>>,
    ports: Rc<Ports>,
    identity: Rc<Identity>,
}

thread_local! {
    // A host may use an instance for one request, for several in sequence, or for several at once.
    static INSTANCE: OnceCell<Instance> = const { OnceCell::new() };
}

/// Handles any request.
pub async fn answer(app: fn() -> App, request: types::Request) -> types::Response {
    let instance = INSTANCE.with(|instance| instance.get_or_init(|| start(app)).clone());
    let method = convert::method(request.get_method());
    let head = convert::request(&request, &method);
    let (headers, head) = match head {
        Ok(mut head) => (instance.identity.take(head.headers_mut()), Ok(head)),
        Err(error) => (Default::default(), Err(error)),
    };
    let invocation = headers.invocation(&*instance.ports.random);
    let cx = Context::new(Rc::clone(&instance.ports), invocation);
    let answered = handle(&instance.service, cx.clone(), &method, head, request);
    let response = crash::name(cx.request_id(), answered).await;
    respond(response, &method, &cx)
}

/// Converts a response for the host. If the host rejects its headers, the response is that of any other fault.
fn respond(mut response: Response, method: &Method, cx: &Context) -> types::Response {
    let fields = convert::fields(response.headers()).unwrap_or_else(|error| {
        cx.log().error(&*error, &[]);
        response = Service::crash(cx.request_id(), method);
        convert::fields(response.headers()).unwrap_or_else(|_| types::Fields::new())
    });
    convert::response(response, fields, method, cx)
}

async fn handle(
    service: &Result<Service, Rc<Error>>,
    cx: Context,
    method: &Method,
    head: Result<guru_core::Request, Error>,
    incoming: types::Request,
) -> Response {
    let (service, head) = match (service, head) {
        (Ok(service), Ok(head)) => (service, head),
        (Err(reason), _) => {
            cx.log().error(reason, &[]);
            return Service::crash(cx.request_id(), method);
        }
        (_, Err(error)) => return Service::refuse(&cx, method, error),
    };
    let body = upload::body(incoming, method, head.headers());
    service.handle(cx, head.with_body(body)).await
}

/// Initializes the app.
fn start(app: fn() -> App) -> Instance {
    crash::install();
    let service = app().into_service();
    Instance {
        service: service.map_err(Rc::new),
        ports: Rc::new(ports::ports()),
        identity: Rc::new(Identity::from_environment()),
    }
}
