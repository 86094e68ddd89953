//! Handles one request: from hyper to the app and back, with a log line.

use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use guru_core::http::convert::{method as method_of, response as response_of, whole_response};
use guru_core::ports::Ports;
use guru_core::{Body, Context, ErrorKind, Invocation, Method, Response, Service};
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::instance::Instance;
use crate::options::Limits;
use crate::pulse::{Caller, Pulse};
use crate::reply::Reply;
use crate::room::{Room, Taken};
use crate::sockets::{Socket, is_debugged};
use crate::{convert, crash};

/// The state that all requests of a worker share.
pub(crate) struct Shared {
    pub(crate) instance: Instance,
    pub(crate) ports: Rc<Ports>,
    pub(crate) limits: Limits,
    pub(crate) room: Room,
    pub(crate) pulse: Arc<Pulse>,
}

/// Handles any request.
pub(crate) async fn answer(
    shared: Rc<Shared>,
    client_ip: IpAddr,
    socket: Option<Socket>,
    request: http::Request<Incoming>,
) -> http::Response<Reply> {
    let start = Instant::now();
    let id = shared.ports.random.uuid().to_string();
    let invocation = Invocation::new(id).with_client_ip(Some(client_ip));
    let cx = Context::new(Rc::clone(&shared.ports), invocation);
    let (mut parts, incoming) = request.into_parts();
    let method = method_of(&parts.method);
    let (response, held) = handle(&shared, &cx, &mut parts, &method, socket, incoming).await;
    let response = response_of(response).unwrap_or_else(|error| {
        whole_response(Service::refuse(&cx, &method, error.into())).map(Body::from)
    });
    let mut response = response.map(|body| match (body.into_bytes(), held) {
        (Ok(bytes), _) => Reply::whole(bytes),
        (Err(body), Some((caller, taken))) => {
            Reply::stream(body, Rc::clone(&shared), &caller, cx.clone(), taken)
        }
        (Err(_), None) => Reply::whole(Bytes::new()),
    });
    guru_server::date(response.headers_mut());
    cx.log().info(
        format_args!("{method} {} {}", parts.uri.path(), response.status()),
        &[
            ("method", method.as_str().into()),
            ("path", parts.uri.path().into()),
            ("status", response.status().as_u16().into()),
            ("milliseconds", milliseconds(start.elapsed()).into()),
            ("client_ip", (&*client_ip.to_string()).into()),
        ],
    );
    response
}

async fn handle(
    shared: &Shared,
    cx: &Context,
    parts: &mut http::request::Parts,
    method: &Method,
    socket: Option<Socket>,
    incoming: Incoming,
) -> (Response, Option<(Arc<Caller>, [Taken; 2])>) {
    let expects_continue = parts.headers.contains_key(http::header::EXPECT);
    let pause = shared.limits.read;
    let request = match convert::request(parts) {
        Ok(request) => request,
        Err(error) => {
            convert::leave(incoming, pause, expects_continue);
            return (Service::refuse(cx, method, error), None);
        }
    };
    let service = shared.instance.service();
    let limit = service.body_limit();
    let held = Taken::of_bytes(&shared.pulse);
    let body = convert::body(incoming, limit, pause, expects_continue, &shared.room, held).await;
    let (body, held) = match body {
        Ok(body) => body,
        Err(error) => return (Service::refuse(cx, method, error), None),
    };
    let place = match shared.room.request(&shared.pulse).await {
        Ok(place) => place,
        Err(error) => return (Service::refuse(cx, method, error), None),
    };
    let caller = Arc::new(Caller {
        request_id: cx.request_id().to_owned(),
        socket,
        is_http1: parts.version < http::Version::HTTP_2,
        is_head: *method == Method::HEAD,
    });
    let handled = service.handle(cx.clone(), request.with_body(body));
    let mut handled = pin!(crash::guard(&shared.pulse, &caller, handled));
    let Some(time) = shared.limits.time else {
        let response = survived(shared, cx, method, &caller, handled.await);
        return (response, Some((Arc::clone(&caller), [place, held])));
    };
    loop {
        match timeout(time, &mut handled).await {
            Ok(handled) => {
                let response = survived(shared, cx, method, &caller, handled);
                return (response, Some((Arc::clone(&caller), [place, held])));
            }
            // Whoever steps through a handler has all the time that there is.
            Err(_) if is_debugged() => {}
            Err(_) => {
                let seconds = time.as_secs_f64();
                let message =
                    format!("the handler was stopped after {seconds} s; --time sets the limit");
                cx.log().error(message, &[]);
                return (
                    Service::lost(ErrorKind::Timeout, cx.request_id(), method),
                    None,
                );
            }
        }
    }
}

/// Returns the response, even if the handler crashed. In that case the next request gets a new instance.
fn survived(
    shared: &Shared,
    cx: &Context,
    method: &Method,
    caller: &Arc<Caller>,
    handled: Result<Response, String>,
) -> Response {
    match handled {
        Ok(response) => response,
        Err(report) => {
            cx.log().error(report, &[]);
            if let Err(report) = shared.instance.renew(&shared.pulse, caller) {
                cx.log().error(report, &[]);
            }
            Service::crash(cx.request_id(), method)
        }
    }
}

/// Rounds to the microsecond: finer is noise.
fn milliseconds(taken: Duration) -> f64 {
    (taken.as_secs_f64() * 1e6).round() / 1e3
}
