//! One request: from the host to the app and back. It must not know how a message is read or written.

use std::cell::OnceCell;
use std::rc::Rc;

use guru_core::ports::{Level, Log as _, Ports, Record};
use guru_core::{App, Context, Method, Response, Service};
use wasip3::http::types;

use crate::identity::Identity;
use crate::log::Log;
use crate::{convert, crash, ports};

/// What all requests of an instance share.
#[derive(Clone)]
struct Instance {
    service: Service,
    ports: Rc<Ports>,
    identity: Rc<Identity>,
}

thread_local! {
    // A host may use an instance for one request, for many, or for many at once.
    static INSTANCE: OnceCell<Option<Instance>> = const { OnceCell::new() };
}

/// Answers a request, whatever it is.
///
/// # Errors
///
/// What the host says when it refuses the answer.
pub async fn answer(
    app: fn() -> App,
    request: types::Request,
) -> Result<types::Response, types::ErrorCode> {
    let instance = INSTANCE.with(|instance| instance.get_or_init(|| start(app)).clone());
    let Some(instance) = instance else {
        // The log has the reason.
        return Err(types::ErrorCode::ConfigurationError);
    };
    let method = convert::method(request.get_method());
    let head = convert::request(&request, &method);
    let (headers, head) = match head {
        Ok(mut head) => (instance.identity.take(head.headers_mut()), Ok(head)),
        Err(error) => (Default::default(), Err(error)),
    };
    let invocation = headers.invocation(&*instance.ports.random);
    let cx = Context::new(Rc::clone(&instance.ports), invocation);
    let id = cx.request_id().to_owned();
    let answered = handle(&instance.service, cx, &method, head, request);
    convert::response(crash::name(&id, answered).await, &method)
}

async fn handle(
    service: &Service,
    cx: Context,
    method: &Method,
    head: Result<guru_core::Request, guru_core::Error>,
    incoming: types::Request,
) -> Response {
    let head = match head {
        Ok(head) => head,
        Err(error) => return Service::refuse(&cx, method, error),
    };
    match convert::body(incoming, head.headers(), service.body_limit()).await {
        Ok(body) => service.handle(cx, head.with_body(body)).await,
        Err(error) => Service::refuse(&cx, method, error),
    }
}

/// Makes the app ready, or says in the log what is wrong with it.
fn start(app: fn() -> App) -> Option<Instance> {
    crash::install();
    match app().into_service() {
        Ok(service) => Some(Instance {
            service,
            ports: Rc::new(ports::ports()),
            identity: Rc::new(Identity::from_environment()),
        }),
        Err(error) => {
            Log.log(&Record::new(Level::Error, &error, &[]));
            None
        }
    }
}
